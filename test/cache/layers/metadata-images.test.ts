import { appendFileSync, chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { keepImage, metadataImages } from '../../../cache/layers/metadata-images.ts';
import { tempDir } from '../../rig/layers.ts';

test('the images of a layer are told, and which of them are whole', () => {
  using place = tempDir();
  const dir = join(place.path, 'layer');
  expect(metadataImages(dir)).toEqual([]);
  mkdirSync(dir);
  for (const name of ['tar', 'toc', 'meta']) writeFileSync(join(dir, name), name);
  mkdirSync(join(dir, 'fs'));
  expect(metadataImages(dir)).toEqual([]);
  const [plain, borrowing] = ['erofs', 'erofs-0123'].map((name) => join(dir, name)) as [string, string];
  for (const path of [plain, borrowing]) keepImage(Buffer.alloc(1024, path), { path, temp: `${dir}/temp` });
  expect(metadataImages(dir)).toEqual([
    { path: plain, isWhole: true },
    { path: borrowing, isWhole: true },
  ]);
  chmodSync(plain, 0o644);
  appendFileSync(plain, 'x');
  expect(metadataImages(dir)).toEqual([
    { path: plain, isWhole: false },
    { path: borrowing, isWhole: true },
  ]);
});
