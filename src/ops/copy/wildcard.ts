import type { Tree } from '../../image/toc/index.ts';
import { hasWildcard, makePathMatch } from '../../util/match/index.ts';
import { joinRel, type RelPath, relPath } from '../../util/rel-path.ts';
import { resolveIn } from './resolve.ts';

/**
 * The paths that a source argument means: itself, or what it matches, in walk order. Symlinks are followed in the part
 * before the first wildcard only. A matched directory is not searched further.
 * @param source latin1 and clean
 */
export function expandSource(tree: Tree, source: RelPath): RelPath[] {
  const parts = source.split('/');
  const first = parts.findIndex(hasWildcard);
  if (first < 0) return [source];
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
  descend(resolveIn(tree, relPath(parts.slice(0, first).join('/'))), 0);
  return matches;
}
