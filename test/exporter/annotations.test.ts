import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { exportImage, mergeAnnotations, parseAnnotations, parseOutput } from '../../src/exporter/index.ts';
import { parseIndex, parseManifest } from '../../src/image/oci/index.ts';
import { ExportRig } from '../rig/export-rig.ts';

let rig: ExportRig;
beforeEach(() => {
  rig = new ExportRig();
});
afterEach(() => rig[Symbol.dispose]());

test('--annotation goes where its types say', () => {
  const texts = ['a=1', 'manifest:b=2=3', 'manifest,manifest-descriptor:c=4', 'manifest-descriptor[linux/amd64]:d=5'];
  expect(parseAnnotations(texts)).toEqual({
    manifest: { a: '1', b: '2=3', c: '4' },
    descriptor: { c: '4' },
    forPlatforms: [{ platform: { os: 'linux', architecture: 'amd64' }, level: 'descriptor', name: 'd', value: '5' }],
  });
  expect(parseAnnotations([])).toBeUndefined();
});

test.each([
  ['a', /not KEY=VALUE/],
  ['=b', /without a name/],
  ['index:a=b', /not supported for a single platform/],
  ['index-descriptor:a=b', /not supported for a single platform/],
  ['everywhere:a=b', /unknown annotation type/],
  ['manifest[:a=b', /unknown type/],
])('--annotation %s is refused', (text, words) => {
  expect(() => parseAnnotations([text])).toThrow(words);
});

test('those of the command win over those of an output', () => {
  const first = parseAnnotations(['a=1', 'b=1', 'manifest-descriptor:c=1']);
  expect(mergeAnnotations(first, parseAnnotations(['b=2']))).toEqual({
    manifest: { a: '1', b: '2' },
    descriptor: { c: '1' },
  });
});

test('manifest and descriptor have theirs, a platform has its own, another platform is an error', async () => {
  const dest = join(rig.out, 'layout');
  const image = rig.image([rig.ownLayer(Buffer.alloc(10_240))]);
  const keys = 'annotation.a=1,annotation-manifest[linux/amd64].b=2,annotation-manifest-descriptor.c=3';
  const { digest } = await exportImage(image, [parseOutput(`type=oci,tar=false,dest=${dest},${keys}`)], rig.deps());
  expect(parseManifest(readFileSync(rig.deps().content.path(digest))).annotations).toEqual({ a: '1', b: '2' });
  const [descriptor] = parseIndex(readFileSync(join(dest, 'index.json'))).manifests;
  expect(descriptor?.annotations).toMatchObject({ c: '3' });
  const other = parseOutput(`type=oci,dest=${dest}.tar,annotation[linux/arm64].a=1`);
  await expect(exportImage(image, [other], rig.deps())).rejects.toMatchObject({
    code: 'usage',
    message: 'an annotation is for linux/arm64, and the image is for linux/amd64',
  });
});
