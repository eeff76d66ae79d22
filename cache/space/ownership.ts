import { join } from 'node:path';
import type { Digest } from '../digest.ts';
import { readIfThere } from '../files.ts';
import { type LayerMeta, parseMeta } from '../layers/meta.ts';
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
  /** Layers that are here, by the content that keys know them by. */
  readonly contents: ReadonlyMap<string, ReadonlySet<string>>;
  /** Blobs of layers that are here: no image is lost with them. */
  readonly spares: ReadonlySet<string>;
}

export interface OwnershipParts {
  readonly rootDir: string;
  readonly items: readonly SpaceItem[];
  readonly records: Iterable<CacheRecord>;
  readonly images: readonly KeptImage[];
}

export function ownershipOf({ rootDir, items, records, images }: OwnershipParts): Ownership {
  const layers = items.filter(({ type }) => type === 'layer');
  const metas = new Map(layers.map(({ id, path }) => [id, metaOf(rootDir, path)]));
  const owners = {
    images: new Map<string, Set<KeptImage>>(),
    records: new Map<string, Set<CacheRecord>>(),
    contents: new Map<string, Set<string>>(),
    spares: new Set<string>(),
  };
  // A layer whose content cannot be told stands for itself, as in keys.
  for (const { id } of layers) add(owners.contents, metas.get(id)?.contentID ?? id, id);
  const idsOf = (layer: LayerRef): readonly string[] => [
    layer.diffID,
    ...(layer.blob === undefined ? [] : [layer.blob.digest]),
    ...Object.values(metas.get(layer.diffID)?.blobs ?? {}).map(({ digest }) => digest),
  ];
  const addSpares = (layer: LayerRef): void => {
    for (const id of idsOf(layer).slice(1)) if (metas.has(layer.diffID)) owners.spares.add(id);
  };
  for (const { layers: stack } of images) stack.forEach(addSpares);
  for (const image of images)
    for (const id of [image.manifest, image.config, ...image.layers.flatMap(idsOf)]) add(owners.images, id, image);
  for (const record of records) {
    record.layers.forEach(addSpares);
    for (const id of [record.key, ...record.layers.flatMap(idsOf)]) add(owners.records, id, record);
  }
  return owners;
}

function add<T>(map: Map<string, Set<T>>, id: string, owner: T): void {
  const known = map.get(id);
  if (known === undefined) map.set(id, new Set([owner]));
  else known.add(owner);
}

function metaOf(rootDir: string, layerPath: string): LayerMeta | undefined {
  const bytes = readIfThere(join(rootDir, layerPath, 'meta'));
  return bytes === undefined ? undefined : parseMeta(bytes);
}
