import { join } from 'node:path';
import type { Digest } from '../digest.ts';
import { readIfThere } from '../files.ts';
import { parseMeta } from '../layers/meta.ts';
import type { CacheRecord, LayerRef } from '../types.ts';
import type { SpaceItem } from './item.ts';

/** An image that has a name in the root, as far as the store needs to know it. */
export interface KeptImage {
  readonly name: string;
  /** One that was pulled can be asked for again. */
  readonly isPulled: boolean;
  readonly manifest: Digest;
  readonly config: Digest;
  /** Bottom to top. */
  readonly layers: readonly LayerRef[];
}

/** Whose the items are: who would miss them. By item id. */
export interface Ownership {
  readonly images: ReadonlyMap<string, ReadonlySet<KeptImage>>;
  readonly records: ReadonlyMap<string, ReadonlySet<CacheRecord>>;
}

export interface OwnershipParts {
  readonly rootDir: string;
  readonly items: readonly SpaceItem[];
  readonly records: Iterable<CacheRecord>;
  readonly images: readonly KeptImage[];
}

export function ownershipOf({ rootDir, items, records, images }: OwnershipParts): Ownership {
  const blobs = new Map(
    items.filter(({ type }) => type === 'layer').map(({ id, path }) => [id, blobsOf(rootDir, path)]),
  );
  const owners = { images: new Map<string, Set<KeptImage>>(), records: new Map<string, Set<CacheRecord>>() };
  const idsOf = (layer: LayerRef): readonly string[] => [
    layer.diffID,
    ...(layer.blob === undefined ? [] : [layer.blob.digest]),
    ...(blobs.get(layer.diffID) ?? []),
  ];
  for (const image of images)
    for (const id of [image.manifest, image.config, ...image.layers.flatMap(idsOf)]) add(owners.images, id, image);
  for (const record of records)
    for (const id of [record.key, ...record.layers.flatMap(idsOf)]) add(owners.records, id, record);
  return owners;
}

function add<T>(map: Map<string, Set<T>>, id: string, owner: T): void {
  const known = map.get(id);
  if (known === undefined) map.set(id, new Set([owner]));
  else known.add(owner);
}

/** Compressed forms that are remembered for a layer. */
function blobsOf(rootDir: string, layerPath: string): readonly string[] {
  const bytes = readIfThere(join(rootDir, layerPath, 'meta'));
  const meta = bytes === undefined ? undefined : parseMeta(bytes);
  return Object.values(meta?.blobs ?? {}).map(({ digest }) => digest);
}
