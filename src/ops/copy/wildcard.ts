import type { Tree } from '../../image/toc/index.ts';
import { hasWildcard, makePathMatch } from '../../util/match/index.ts';
import { joinRel, type RelPath, relPath, TOP } from '../../util/rel-path.ts';
import { resolveIn } from './resolve.ts';

/**
 * The paths that a source argument means: itself, or what it matches, in walk order. Symlinks are followed in the part
 * before the first wildcard only. A matched directory is not searched further.
 * @param source latin1 and clean
 * @returns undefined when what stands before the first wildcard is not there; nothing below it may match
 */
export function expandSource(tree: Tree, source: RelPath): RelPath[] | undefined {
  const parts = source.split('/');
  const first = parts.findIndex(hasWildcard);
  if (first < 0) return [source];
  const start = resolveIn(tree, relPath(parts.slice(0, first).join('/')));
  if (start !== TOP && tree.lookup(start) === undefined) return undefined;
  const matches: RelPath[] = [];
  const patterns = parts.slice(first).map(makePathMatch);
  const descend = (dir: RelPath, depth: number) => {
    const matchesName = patterns[depth];
    if (matchesName === undefined) return;
    for (const name of tree.list(dir)) {
      if (!matchesName(name)) continue;
      const path = joinRel(dir, name);
      if (depth === patterns.length - 1) matches.push(path);
      else descend(path, depth + 1);
    }
  };
  descend(start, 0);
  return matches;
}
