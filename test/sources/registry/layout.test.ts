import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { type Digest, digestOf, hexOf } from '../../../cache/index.ts';
import {
  type Descriptor,
  type ImageConfig,
  MEDIA,
  type Platform,
  renderConfig,
  renderIndex,
  renderManifest,
} from '../../../src/image/oci/index.ts';
import { openLayout } from '../../../src/sources/registry/index.ts';

const amd64 = { os: 'linux', architecture: 'amd64' };
const arm64 = { os: 'linux', architecture: 'arm64' };
const dirs: string[] = [];

afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true });
});

test('a layout with one image needs no tag', () => {
  const { dir, image, index } = layout();
  const own = image(amd64);
  index([own]);
  const found = openLayout(dir).resolve({ platform: amd64 });
  expect(found).toMatchObject({ dir, manifestDigest: own.digest, platform: amd64 });
  expect(openLayout(dir).blobPath(own.digest)).toBe(join(dir, 'blobs/sha256', hexOf(own.digest)));
});

test('tags and digests choose; an index inside chooses by platform', () => {
  const { dir, image, index, blob } = layout();
  const [one, two] = [image(amd64), image(arm64)];
  const multi = blob(
    renderIndex({ schemaVersion: 2, mediaType: MEDIA.ociIndex, manifests: [one, two] }),
    MEDIA.ociIndex,
  );
  index([tagged(one, '1.0'), tagged(multi, '2.0')]);
  expect(openLayout(`${dir}:1.0`).resolve({ platform: amd64 }).manifestDigest).toBe(one.digest);
  expect(openLayout(`${dir}:2.0`).resolve({ platform: arm64 }).manifestDigest).toBe(two.digest);
  expect(openLayout(`${dir}@${two.digest}`).resolve({ platform: amd64 }).platform).toEqual(arm64);
  expect(openLayout(dir).resolve({ tag: '2.0', platform: amd64 }).manifestDigest).toBe(one.digest);
});

test('an image that is alone has any tag; without a tag it is the latest', () => {
  const { dir, image, index } = layout();
  const [one, two] = [image(amd64), image(arm64)];
  index([tagged(one, 'v1')]);
  expect(openLayout(`${dir}:v2`).resolve({ platform: amd64 }).manifestDigest).toBe(one.digest);
  index([tagged(one, 'v1'), tagged(two, 'latest')]);
  expect(openLayout(dir).resolve({ platform: amd64 }).manifestDigest).toBe(two.digest);
  expect(() => openLayout(`${dir}:v2`).resolve({ platform: amd64 })).toThrow(
    expect.objectContaining({ code: 'image-not-found' }),
  );
});

test('without a tag several images are not guessed, and a wrong tag says which there are', () => {
  const { dir, image, index } = layout();
  index([tagged(image(amd64), 'a'), tagged(image(arm64), 'b')]);
  expect(() => openLayout(dir).resolve({ platform: amd64 })).toThrow(
    expect.objectContaining({ code: 'image-not-found', message: expect.stringContaining('several') as string }),
  );
  expect(() => openLayout(`${dir}:c`).resolve({ platform: amd64 })).toThrow(
    expect.objectContaining({ hint: 'it has the tags a, b' }),
  );
});

test('what is missing or is not what its digest says is refused', () => {
  const { dir, image, index } = layout();
  expect(() => openLayout(dir).resolve({ platform: amd64 })).toThrow(
    expect.objectContaining({ code: 'image-not-found' }),
  );
  const own = image(amd64);
  index([own]);
  writeFileSync(join(dir, 'blobs/sha256', hexOf(own.digest)), '{"schemaVersion":2}');
  expect(() => openLayout(dir).resolve({ platform: amd64 })).toThrow(
    expect.objectContaining({ code: 'image-invalid' }),
  );
  writeFileSync(join(dir, 'index.json'), '{"schemaVersion":2,"manifests":[{"digest":"sha256:../../etc","size":1}]}');
  expect(() => openLayout(dir).resolve({ platform: amd64 })).toThrow(
    expect.objectContaining({ code: 'image-invalid' }),
  );
  expect(() => openLayout('/nowhere/at/all:tag').resolve({ platform: amd64 })).toThrow(
    expect.objectContaining({ code: 'image-not-found' }),
  );
});

test('an index that contains itself ends', () => {
  const { dir, index, blob } = layout();
  let inner = blob(renderIndex({ schemaVersion: 2, manifests: [] }), MEDIA.ociIndex);
  for (let depth = 0; depth < 6; depth++)
    inner = blob(renderIndex({ schemaVersion: 2, manifests: [inner] }), MEDIA.ociIndex);
  index([inner]);
  expect(() => openLayout(dir).resolve({ platform: amd64 })).toThrow(/nest deeper/);
});

function tagged(descriptor: Descriptor, tag: string): Descriptor {
  return { ...descriptor, annotations: { 'org.opencontainers.image.ref.name': tag } };
}

function layout() {
  const dir = mkdtempSync(join(tmpdir(), 'layout-'));
  dirs.push(dir);
  mkdirSync(join(dir, 'blobs/sha256'), { recursive: true });
  const blob = (bytes: Buffer, mediaType: string): Descriptor => {
    const digest: Digest = digestOf(bytes);
    writeFileSync(join(dir, 'blobs/sha256', hexOf(digest)), bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const image = (platform: Platform): Descriptor => {
    const { os, architecture } = platform;
    const config: ImageConfig = { os, architecture, config: {}, rootfs: { type: 'layers', diff_ids: [] } };
    const manifest = renderManifest({
      schemaVersion: 2,
      config: blob(renderConfig(config), MEDIA.ociConfig),
      layers: [],
    });
    return { ...blob(manifest, MEDIA.ociManifest), platform };
  };
  const index = (manifests: readonly Descriptor[]) =>
    writeFileSync(join(dir, 'index.json'), renderIndex({ schemaVersion: 2, manifests }));
  return { dir, blob, image, index };
}
