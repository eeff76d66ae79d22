import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type CacheRecord,
  contentIDOf,
  digestOf,
  type KeptImage,
  type KeyMaterial,
  type LayerRef,
  openRoot,
  parseCacheKey,
  type Root,
} from '../../../cache/index.ts';
import type { SpaceItem } from '../../../cache/space/item.ts';
import { openQuickSignature } from '../../../src/host/fs/index.ts';
import { fileLocks } from '../../../src/host/sys/index.ts';
import { diffIDNamed, materialNamed, recordOf, tempDir } from '../temp.ts';

export const DAY = 24 * 60 * 60 * 1000;
export const NOW = 1_800_000_000_000;

export function ref(name: string): LayerRef {
  const diffID = diffIDNamed(name);
  return { diffID, contentID: contentIDOf(diffID), verified: true, origins: [] };
}

export function layerItem(name: string, bytes: number, ageMs = 0): SpaceItem {
  const at = { path: `layers/v1/${name}`, lastUsedAt: NOW - ageMs };
  return { type: 'layer', id: diffIDNamed(name), bytes, parts: { tars: bytes }, ...at };
}

/** A step that made the layer `name` on a stack. */
export function stepRecord(name: string, below: readonly string[], more: Partial<CacheRecord> = {}): CacheRecord {
  const material: KeyMaterial = materialNamed(name, { inputs: below.map((one) => ref(one).contentID) });
  const key = parseCacheKey(digestOf(JSON.stringify(material)));
  return recordOf(material, key, { layers: [ref(name)], lastUsedAt: 0, createdAt: 0, ...more });
}

export function imageOf(name: string, layers: readonly string[], isPulled = false): KeptImage {
  const [manifest, config] = [digestOf(`${name} manifest`), digestOf(`${name} config`)];
  return { name, isPulled, manifest, config, layers: layers.map(ref) };
}

export async function openTestRoot(dir = join(tempDir(), 'root')): Promise<Root> {
  const quickSignature = await openQuickSignature();
  return openRoot(dir, { locks: fileLocks, now: () => NOW, quickSignature, onWarning: () => undefined });
}

/** A layer in the root, whose tar is its name. */
export function publishLayer(root: Root, name: string): LayerRef {
  const tar = Buffer.from(name);
  const diffID = `sha256:${digestOf(tar).slice('sha256:'.length)}` as LayerRef['diffID'];
  const paths = { tar: root.tempPath('tar'), toc: root.tempPath('toc') };
  mkdirSync(root.tempDir, { recursive: true });
  writeFileSync(paths.tar, tar);
  writeFileSync(paths.toc, `toc of ${name}`);
  root.layers.publish(diffID, paths, { contentID: contentIDOf(diffID), size: tar.length, blobs: {} });
  return { diffID, contentID: contentIDOf(diffID), verified: true, origins: [] };
}
