import { type CacheKey, isDigest } from '../digest.ts';
import type { CacheRecord, Explanation, KeyMaterial, LayerRef, Place } from '../types.ts';

/** `<record>\t<explanation>`: JSON has no tabs. A hit never parses the explanation, which may list thousands of files. */
export function renderRecord({ explanation, ...record }: CacheRecord): string {
  const { material, layers, createdAt, costMs, refreshed, place } = record;
  return `${JSON.stringify({ material, layers, createdAt, costMs, refreshed, place })}\t${JSON.stringify(explanation)}`;
}

/** undefined for anything that is not a record. The key is the file's; when it was last used, the file's time. */
export function parseRecord(text: string, key: CacheKey, lastUsedAt: number): CacheRecord | undefined {
  const tab = text.indexOf('\t');
  const kept = parseObject(text.slice(0, tab)) as Partial<CacheRecord> | undefined;
  if (tab < 0 || kept === undefined) return undefined;
  const { material, layers, createdAt, costMs, refreshed, place } = kept;
  if (!isMaterial(material) || !isPlace(place) || typeof createdAt !== 'number' || typeof costMs !== 'number')
    return undefined;
  if (!Array.isArray(layers) || !layers.every(isLayerRef)) return undefined;
  let explanation: Explanation | undefined;
  return {
    key,
    material,
    layers,
    createdAt,
    lastUsedAt,
    costMs,
    ...(refreshed === true ? { refreshed } : {}),
    place,
    get explanation() {
      explanation ??= (parseObject(text.slice(tab + 1)) ?? {}) as Explanation;
      return explanation;
    },
  };
}

function isMaterial(value: Partial<KeyMaterial> | undefined): value is KeyMaterial {
  if (!isObject(value) || typeof value.op !== 'string' || typeof value.version !== 'number') return false;
  return isObject(value.fields) && Array.isArray(value.inputs);
}

function isPlace(value: Partial<Place> | undefined): value is Place {
  if (!isObject(value) || typeof value.build !== 'string' || typeof value.stage !== 'string') return false;
  return typeof value.index === 'number' && typeof value.kind === 'string';
}

function isLayerRef(value: Partial<LayerRef> | null): value is LayerRef {
  if (!isObject(value) || typeof value.verified !== 'boolean' || !Array.isArray(value.origins)) return false;
  return isDigest(String(value.diffID)) && isDigest(String(value.contentID));
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseObject(text: string): object | undefined {
  try {
    const value = JSON.parse(text) as unknown;
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
