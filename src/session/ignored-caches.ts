import type { Definition } from '../graph/index.ts';

/** Ids of the cache mounts of RUNs that are told to ignore the cache: those caches are ignored, too. */
export function ignoredCaches({ vertices }: Definition): readonly string[] {
  const ids = vertices.flatMap(({ op, origin }) => {
    if (op.kind !== 'run' || !origin.ignoreCache) return [];
    return op.mounts.flatMap((mount) => (mount.type === 'cache' ? [mount.id] : []));
  });
  return [...new Set(ids)];
}
