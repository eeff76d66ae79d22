import type { DiffID } from '../../../cache/index.ts';
import type { StackTree, Toc } from '../../image/toc/index.ts';
import type { LowerDir, LowerMaker, LowerRequest } from './lower.ts';

export interface LowersOptions {
  /** In order of preference. */
  readonly makers: readonly LowerMaker[];
  readonly toc: (diffID: DiffID) => Toc;
  readonly tarPath: (diffID: DiffID) => string;
  readonly tree: (stack: readonly DiffID[]) => StackTree;
}

export interface Lowers {
  /** The lowers of a stack, bottom to top, none twice: overlayfs takes a directory once, and the topmost decides. */
  ofStack(stack: readonly DiffID[], run: { readonly signal: AbortSignal }): Promise<LowerDir[]>;
  /** Makes the lower of one layer while others of its stack are still brought; a layer that needs them is left. */
  ahead(diffID: DiffID, run: { readonly signal: AbortSignal }): Promise<void>;
}

export function makeLowers(options: LowersOptions): Lowers {
  const running = new Map<string, Promise<LowerDir>>();
  const early = new Map<DiffID, Promise<void>>();
  return {
    async ofStack(stack, { signal }) {
      const lowers = new Map<string, LowerDir>();
      for (const { diffID, below } of effective(stack, options)) {
        await early.get(diffID)?.catch(() => undefined);
        const request = requestOf(diffID, below, options);
        try {
          const lower = await once(running, request.key, () => make(request, { options, signal }));
          lowers.delete(lower.path);
          lowers.set(lower.path, lower);
        } finally {
          request.close();
        }
      }
      return [...lowers.values()];
    },
    async ahead(diffID, { signal }) {
      if (early.has(diffID)) return;
      const job = makeAlone(diffID, { options, signal }).finally(() => early.delete(diffID));
      early.set(diffID, job);
      await job;
    },
  };
}

interface Place {
  readonly diffID: DiffID;
  readonly below: readonly DiffID[];
}

/** Layers that count: of equal ones the topmost, and none that is empty. */
function effective(stack: readonly DiffID[], { toc }: LowersOptions): Place[] {
  return stack
    .map((diffID, index) => ({ diffID, below: stack.slice(0, index), isTopmost: stack.lastIndexOf(diffID) === index }))
    .filter(({ diffID, isTopmost }) => isTopmost && toc(diffID).size > 0);
}

interface OpenRequest extends LowerRequest {
  /** Equal requests have equal lowers. */
  readonly key: string;
  close(): void;
}

function requestOf(diffID: DiffID, below: readonly DiffID[], options: LowersOptions): OpenRequest {
  let tree: StackTree | undefined;
  return {
    diffID,
    key: [...below, diffID].join(' '),
    toc: options.toc(diffID),
    tarPath: options.tarPath(diffID),
    below: () => {
      tree ??= options.tree(below);
      return tree;
    },
    close: () => tree?.close(),
  };
}

/** Steps that run at the same time unpack a layer once; each waits for itself, so that one that is cancelled cancels no other. */
async function once(
  running: Map<string, Promise<LowerDir>>,
  key: string,
  work: () => Promise<LowerDir>,
): Promise<LowerDir> {
  for (;;) {
    const other = running.get(key);
    if (other === undefined) break;
    const made = await other.catch(() => undefined);
    if (made !== undefined) return made;
  }
  const job = work().finally(() => running.delete(key));
  running.set(key, job);
  return job;
}

interface Work {
  readonly options: LowersOptions;
  readonly signal: AbortSignal;
}

async function make(request: LowerRequest, work: Work): Promise<LowerDir> {
  const lower = await firstOf(request, work);
  if (lower === undefined) throw new Error(`no maker of lowers took the layer ${request.diffID}`);
  return lower;
}

async function makeAlone(diffID: DiffID, work: Work): Promise<void> {
  const toc = work.options.toc(diffID);
  if (toc.size > 0) await firstOf({ diffID, toc, tarPath: work.options.tarPath(diffID) }, work);
}

async function firstOf(request: LowerRequest, { options, signal }: Work): Promise<LowerDir | undefined> {
  signal.throwIfAborted();
  for (const maker of options.makers) {
    const lower = await maker.make(request, { signal });
    if (lower !== undefined) return lower;
  }
  return undefined;
}
