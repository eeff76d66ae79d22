import { type CacheRecord, digestOf, type KeyMaterial, parseCacheKey } from '../../cache/index.ts';
import type { Records } from '../../src/solver/index.ts';

/** A record store without a disk: what the solver asks of one, and no more. */
export function memoryRecords(): Records & { readonly all: CacheRecord[] } {
  const all: CacheRecord[] = [];
  return {
    all,
    keyOf: (material: KeyMaterial) => parseCacheKey(digestOf(JSON.stringify(material))),
    lookup: (key) => all.filter((record) => record.key === key),
    put: (record) => void all.push(record),
    touch: () => undefined,
    fate: () => undefined,
    nearest: (place, _material, { keys }) =>
      all
        .filter(
          (record) =>
            record.place.stage === place.stage &&
            record.place.kind === place.kind &&
            record.place.index === place.index &&
            keys?.has(record.key) !== true,
        )
        .at(-1),
  };
}
