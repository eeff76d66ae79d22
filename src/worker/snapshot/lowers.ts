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

/** The lowers of a stack, bottom to top, none twice: overlayfs takes a directory once, and the topmost decides. */
export function makeLowers(
  options: LowersOptions,
): (stack: readonly DiffID[], run: { signal: AbortSignal }) => Promise<LowerDir[]> {
  const running = new Map<string, Promise<LowerDir>>();
  return async (stack, { signal }) => {
    const lowers = new Map<string, LowerDir>();
    for (const { diffID, below } of effective(stack, options)) {
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

async function make(
  request: LowerRequest,
  { options, signal }: { options: LowersOptions; signal: AbortSignal },
): Promise<LowerDir> {
  signal.throwIfAborted();
  for (const maker of options.makers) {
    const lower = await maker.make(request, { signal });
    if (lower !== undefined) return lower;
  }
  throw new Error(`no maker of lowers took the layer ${request.diffID}`);
}
