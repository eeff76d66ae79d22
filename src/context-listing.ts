import type { BuildOptions } from './build-options.ts';
import { BuildError } from './errors.ts';
import {
  assertParsed,
  type Dockerfile,
  type Lowered,
  type LowerOptions,
  lower,
  parseDockerfile,
} from './frontend/index.ts';
import type { CopyOp, RunOp, Vertex } from './graph/index.ts';
import type { TreeEntry } from './image/toc/index.ts';
import { type Taken, takenFrom } from './ops/index.ts';
import { filter } from './session/filter.ts';
import { openSession } from './session/index.ts';
import { lowerOptions } from './session/lower-options.ts';
import type { Session } from './session/session.ts';
import type { ContextTree } from './sources/context/index.ts';
import type { IgnoreRule } from './util/match/index.ts';
import { displayPath, joinRel, type RelPath, TOP } from './util/rel-path.ts';

/** A file of the context, or what a rule keeps out of it: of an ignored directory only its own name. */
export interface ListedFile {
  readonly path: string;
  readonly type: TreeEntry['type'];
  /** Bytes of a regular file; 0 for anything else. */
  readonly size: number;
  readonly isIgnored: boolean;
  /** The rule that decided, if one did: `.dockerignore:3 !keep/me`. */
  readonly rule?: string;
  /** Steps that take it, by their place: `Dockerfile:4`. */
  readonly steps: readonly string[];
}

export interface ListedStep {
  readonly at: string;
  readonly name: string;
  readonly files: number;
  readonly bytes: number;
  /** Why nothing can be said: a source that is not there. */
  readonly error?: string;
}

export interface ContextListing {
  /** In byte order of their paths, parents first. */
  readonly files: readonly ListedFile[];
  readonly steps: readonly ListedStep[];
}

/**
 * What is in the main context, what each step of the target takes of it, and which rules decide. Nothing is built, and no file
 * is read. Base images are looked up, as a build would.
 * @throws BuildError
 */
export async function listContext(
  options: BuildOptions,
  { signal }: { readonly signal: AbortSignal },
): Promise<ContextListing> {
  await using session = await openSession({ ...options, outputs: [] }, { signal, emit: () => undefined });
  const { file } = session.dockerfile;
  const dockerfile = parseDockerfile(session.dockerfile.text, { file });
  const { definition } = await lowered(dockerfile, { lowering: lowerOptions(options, session), session, signal });
  const context = await session.mainContext();
  const takers = new Map<string, string[]>();
  const steps: ListedStep[] = [];
  for (const vertex of definition.vertices) {
    if (!takesFromContext(vertex)) continue;
    const at = `${vertex.origin.range?.file ?? file}:${vertex.origin.range?.startLine ?? 0}`;
    const { taken, error: problem } = await takenBy(vertex, context, signal);
    for (const { path } of taken) takers.set(path, [...new Set([...(takers.get(path) ?? []), at])]);
    const sizes = taken.filter(({ type }) => type !== 'directory').map(({ size }) => size);
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    const why = problem === undefined ? {} : { error: problem };
    steps.push({ at, name: vertex.origin.name, files: sizes.length, bytes, ...why });
  }
  return { files: [...listed(context, TOP, takers)], steps };
}

/** Errors get the Dockerfile's text, which an excerpt is cut from. */
async function lowered(
  dockerfile: Dockerfile,
  { lowering, session, signal }: { lowering: LowerOptions; session: Session; signal: AbortSignal },
): Promise<Lowered> {
  try {
    assertParsed(dockerfile, lowering);
    return await lower(dockerfile, lowering, { resolver: session.resolver, signal });
  } catch (error) {
    throw error instanceof BuildError ? error.from({ file: dockerfile.file, text: dockerfile.text }) : error;
  }
}

function isContextInput(vertex: Vertex, input: number): boolean {
  const op = vertex.inputs[input]?.op;
  return op?.kind === 'context' && op.name === '';
}

function takesFromContext(vertex: Vertex): vertex is Vertex<CopyOp | RunOp> {
  const isReader = vertex.op.kind === 'copy' || vertex.op.kind === 'run';
  return isReader && vertex.inputs.some((_, input) => isContextInput(vertex, input));
}

/** A missing source is what one looks into a context for: it is told with its step. */
async function takenBy(
  vertex: Vertex<CopyOp | RunOp>,
  context: ContextTree,
  signal: AbortSignal,
): Promise<{ readonly taken: Taken; readonly error?: string }> {
  try {
    const isContext = (input: number): boolean => isContextInput(vertex, input);
    return { taken: await takenFrom(context, vertex.op, { isContext, signal, filter }) };
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    return { taken: [], error: error.hint === undefined ? error.message : `${error.message}: ${error.hint}` };
  }
}

function* listed(
  context: ContextTree,
  dir: RelPath,
  takers: ReadonlyMap<string, readonly string[]>,
): Iterable<ListedFile> {
  const hidden = new Map(context.hidden(dir).map((entry) => [entry.path, entry]));
  const here = [...context.list(dir).map((name) => joinRel(dir, name)), ...hidden.keys()];
  for (const path of here.sort()) {
    const entry = hidden.get(path) ?? context.lookup(path);
    if (entry === undefined) continue;
    const rule = context.ruleFor(path);
    yield {
      path: displayPath(path),
      type: entry.type,
      size: entry.size,
      isIgnored: hidden.has(path),
      ...(rule === undefined ? {} : { rule: ruleText(rule) }),
      steps: takers.get(path) ?? [],
    };
    if (entry.type === 'directory' && !hidden.has(path)) yield* listed(context, path, takers);
  }
}

function ruleText({ file, line, pattern, negated }: IgnoreRule): string {
  return `${file ?? '.dockerignore'}:${line} ${negated ? '!' : ''}${pattern}`;
}
