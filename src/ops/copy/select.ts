import { type Digest, digestOf, type Memo } from '../../../cache/index.ts';
import { BuildError } from '../../errors.ts';
import type { CopyOp, CopySource } from '../../graph/index.ts';
import { BARE } from '../../image/archive/index.ts';
import type { Tree, TreeEntry } from '../../image/toc/index.ts';
import type { HttpTree } from '../../sources/http/index.ts';
import { nowMs } from '../../util/clock.ts';
import { BadPattern, hasWildcard, InvalidRule, PATTERN_HINT } from '../../util/match/index.ts';
import { baseName, latin1Of, type RelPath, relPath } from '../../util/rel-path.ts';
import { type Filter, isArchive, unpackArchive } from './archive.ts';
import { sourceMissing } from './missing.ts';
import { type Recall, recallBy, recalledDigest } from './recalled-digest.ts';
import { resolveIn } from './resolve.ts';
import type { SelectedFiles, SelectedSource, Selection } from './selection.ts';
import { digestSelection, explainSelection } from './selection-digest.ts';
import { itemOf, walkDirectory } from './walk.ts';
import { expandSource } from './wildcard.ts';

export interface SelectOptions {
  readonly signal: AbortSignal;
  /** Runs a program over bytes: decompresses what Node cannot. */
  readonly filter: Filter;
  /** Only the digest is wanted: archives are recognised but not unpacked, and planCopy refuses the selection. */
  readonly keyOnly?: boolean;
  /** Where large archives are spooled; the system's temp directory when absent. */
  readonly tempDir?: string;
  /** As ArchiveOptions. */
  readonly maxBytes?: number;
  /** Remembers digests of selections. */
  readonly memo?: Memo;
}

/**
 * Finds what a COPY or ADD takes: wildcards, symlinks of the arguments, --exclude, --parents, archives of ADD.
 * @param sources by index of the op's inputs
 * @throws BuildError copy-source-missing for a literal path that is not there, copy-invalid, context-invalid
 */
export async function selectSources(
  op: CopyOp,
  sources: ReadonlyMap<number, Tree>,
  options: SelectOptions,
): Promise<Selection> {
  const selected: SelectedSource[] = [];
  for (const source of op.sources) {
    options.signal.throwIfAborted();
    selected.push(...(await selectSource(op, source, { sources, options })));
  }
  return makeSelection(selected, recallBy(options.memo, ['copy', op.sources, op.excludes, op.parents]));
}

/** @param recall of what was selected before; without it nothing is remembered */
export function makeSelection(sources: readonly SelectedSource[], recall?: Recall): Selection {
  let files: Selection['files'];
  let isExplained = false;
  return {
    digest: recall === undefined ? digestSelection(sources) : recalledDigest(sources, recall),
    get files() {
      if (!isExplained) files = explainSelection(sources);
      isExplained = true;
      return files;
    },
    sources,
  };
}

interface SelectContext {
  readonly sources: ReadonlyMap<number, Tree>;
  readonly options: SelectOptions;
}

async function selectSource(
  op: CopyOp,
  source: CopySource,
  { sources, options }: SelectContext,
): Promise<SelectedSource[]> {
  if (source.kind === 'inline') return [inlineFile(source, op.epoch)];
  const tree = sources.get(source.input);
  if (tree === undefined) throw new Error(`copy source ${source.path} names input ${source.input}, which is not there`);
  return patternErrors(op, async () => {
    if (op.parents) return selectParents(op, source.path, { tree, options });
    const selected: SelectedSource[] = [];
    const written = relPath(latin1Of(source.path));
    const paths = isRemote(tree) ? [written] : expandSource(tree, written);
    if (paths === undefined) throw missing(op, source.path, tree);
    for (const path of paths) {
      selected.push(await selectPath(op, { path, written: source.path }, { tree, options }));
    }
    return selected;
  });
}

interface In {
  readonly tree: Tree;
  readonly options: SelectOptions;
}

async function selectPath(
  op: CopyOp,
  { path, written }: { path: RelPath; written: string },
  { tree, options }: In,
): Promise<SelectedSource> {
  const entry = lookupFollowed(tree, path);
  if (entry === undefined) throw missing(op, written, tree);
  const unpack = op.unpack === 'auto' ? !isRemote(tree) : op.unpack;
  if (unpack && entry.type === 'file' && (await isArchive(tree, entry, options))) {
    const unpacked = options.keyOnly === true ? undefined : await unpackArchive(tree, entry, options);
    return {
      kind: 'archive',
      name: baseName(path),
      path: entry.path,
      digest: unpacked?.digest ?? tree.digest(entry),
      unpacked,
    };
  }
  const items =
    entry.type === 'directory'
      ? walkDirectory(tree, entry.path, { excludes: op.excludes, signal: options.signal })
      : itemOf(tree, entry);
  return { kind: 'files', tree, name: baseName(path), top: entry, items };
}

/** --parents: the path from the top, or from the pivot `/./` on, is a pattern for what is below. */
function selectParents(op: CopyOp, source: string, { tree, options }: In): SelectedSource[] {
  const pivot = source.indexOf('/./');
  const from = relPath(latin1Of(pivot < 0 ? '' : source.slice(0, pivot)));
  const include = relPath(pivot < 0 ? source : source.slice(pivot + 3));
  const isLiteral = !hasWildcard(source);
  if (isLiteral && lookupFollowed(tree, relPath(`${from}/${latin1Of(include)}`)) === undefined)
    throw missing(op, source, tree);
  const tops = expandSource(tree, from);
  if (tops === undefined) throw missing(op, source, tree);
  return tops.map((path): SelectedFiles => {
    const top = lookupFollowed(tree, path);
    if (top === undefined) throw missing(op, source, tree);
    if (top.type !== 'directory') return { kind: 'files', tree, name: baseName(path), top, items: itemOf(tree, top) };
    const items = walkDirectory(tree, top.path, {
      include: include === '' ? '**' : include,
      excludes: op.excludes,
      signal: options.signal,
    });
    return { kind: 'files', tree, name: baseName(path), top, items };
  });
}

function missing({ instruction }: CopyOp, written: string, tree: Tree): BuildError {
  return sourceMissing(tree, written, { code: 'copy-source-missing', name: `${instruction} source` });
}

/** @throws BuildError copy-conflict for a loop of links */
export function lookupFollowed(tree: Tree, path: RelPath): TreeEntry | undefined {
  return tree.lookup(resolveIn(tree, path));
}

function isRemote(tree: Tree): boolean {
  return (tree as Partial<HttpTree>).isRemote === true;
}

async function patternErrors<T>(op: CopyOp, act: () => T | Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof BadPattern) && !(error instanceof InvalidRule)) throw error;
    const what =
      error instanceof InvalidRule ? error.message : `syntax error in pattern ${JSON.stringify(error.message)}`;
    throw new BuildError('copy-invalid', `${op.instruction}: ${what}`, {
      cause: error,
      hint: PATTERN_HINT,
    });
  }
}

/** A heredoc: 0644, dated by the epoch or now. */
function inlineFile(
  { name, content, encoding }: Extract<CopySource, { kind: 'inline' }>,
  epoch: number | undefined,
): SelectedFiles {
  const bytes = Buffer.from(content, encoding ?? 'utf8');
  const path = relPath(latin1Of(name));
  const top: TreeEntry = {
    ...BARE,
    path,
    type: 'file',
    mode: 0o644,
    size: bytes.length,
    mtimeSec: epoch ?? Math.floor(nowMs() / 1000),
  };
  const digest = digestOf(bytes);
  const tree = oneFile(top, bytes, digest);
  return { kind: 'files', tree, name: baseName(path), top, items: itemOf(tree, top) };
}

function oneFile(top: TreeEntry, bytes: Uint8Array, digest: Digest): Tree {
  return {
    lookup: (path) => (path === top.path ? top : undefined),
    list: () => [],
    digest: () => digest,
    read(_entry, sink) {
      if (bytes.length > 0) sink(bytes);
    },
  };
}
