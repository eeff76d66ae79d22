import { type Digest, digestOf } from '../../../cache/index.ts';
import type { CopyOp, CopySource, RunOp } from '../../graph/index.ts';
import type { TreeEntry } from '../../image/toc/index.ts';
import type { ContextTree } from '../../sources/context/index.ts';
import { joinRel, latin1Of, type RelPath } from '../../util/rel-path.ts';
import type { Filter } from './archive.ts';
import { lookupFollowed, selectSources } from './select.ts';

export interface TakenOptions {
  /** Which of the op's inputs is the context. */
  readonly isContext: (input: number) => boolean;
  readonly signal: AbortSignal;
  readonly filter: Filter;
}

/** What one step takes of a context. */
export type Taken = readonly Pick<TreeEntry, 'path' | 'type' | 'size'>[];

/**
 * The files and directories of a context that a COPY, an ADD or the bind mounts of a RUN reach. Nothing is read but the heads
 * of what ADD might unpack.
 * @throws BuildError copy-source-missing and the like
 */
export async function takenFrom(context: ContextTree, op: CopyOp | RunOp, options: TakenOptions): Promise<Taken> {
  if (op.kind === 'run') return boundBy(context, op, options.isContext);
  const sources = op.sources.filter(
    (source): source is PathSource => source.kind === 'path' && options.isContext(source.input),
  );
  const inputs = new Map(sources.map(({ input }) => [input, unread(context)]));
  const selection = await selectSources({ ...op, sources }, inputs, { ...options, keyOnly: true });
  return selection.sources.flatMap((source) =>
    source.kind === 'files'
      ? Array.from(source.items, ({ entry }) => entry)
      : [context.lookup(source.path)].filter(isThere),
  );
}

type PathSource = Extract<CopySource, { kind: 'path' }>;

function boundBy(context: ContextTree, { mounts }: RunOp, isContext: TakenOptions['isContext']): Taken {
  return mounts.flatMap((mount) => {
    if (mount.type !== 'bind' || !isContext(mount.input)) return [];
    const top = lookupFollowed(context, latin1Of(mount.source) as RelPath);
    return top === undefined ? [] : [top, ...below(context, top)];
  });
}

function below(context: ContextTree, dir: TreeEntry): TreeEntry[] {
  return context.list(dir.path).flatMap((name) => {
    const entry = context.lookup(joinRel(dir.path, name));
    return entry === undefined ? [] : [entry, ...below(context, entry)];
  });
}

const NO_DIGEST: Digest = digestOf('');

/** The same files; what they hold does not matter to what is taken. */
function unread(context: ContextTree): ContextTree {
  return {
    lookup: (path) => context.lookup(path),
    list: (path) => context.list(path),
    read: (entry, sink) => context.read(entry, sink),
    digest: () => NO_DIGEST,
    excludedBy: (path) => context.excludedBy(path),
    ruleFor: (path) => context.ruleFor(path),
    hidden: (path) => context.hidden(path),
  };
}

function isThere<T>(value: T | undefined): value is T {
  return value !== undefined;
}
