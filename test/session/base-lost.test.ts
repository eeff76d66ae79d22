import { expect, test } from 'vitest';
import { digestOf, type LayerRef } from '../../cache/index.ts';
import type { Vertex } from '../../src/graph/index.ts';
import { baseLost } from '../../src/session/base-lost.ts';
import { LayerLost } from '../../src/solver/index.ts';
import { image, layerOf } from '../rig/solver-rig.ts';

const range = { file: 'Dockerfile', startLine: 3, startColumn: 1, endLine: 3, endColumn: 9 };
const blob = { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: digestOf('blob'), size: 1 };
const lost: LayerRef = {
  ...layerOf('lost'),
  blob,
  origins: [{ repository: 'docker.io/library/node', digest: blob.digest }],
};

function from(name: string, layers: readonly LayerRef[]): Vertex {
  const made = image(name, name, layers);
  return { ...made, origin: { ...made.origin, range } };
}

test('a layer that its registry has no more is told with its image, its place and what helps', () => {
  const vertices = [from('docker.io/library/other:1', []), from('docker.io/library/node:20', [lost])];
  expect(baseLost(new LayerLost(lost.diffID, 'remote-missing'), { vertices, targets: [] })).toMatchObject({
    code: 'image-not-found',
    message: `a layer of node:20 is gone, here and in docker.io/library/node: ${blob.digest}`,
    hint: 'push node:20 again, or name another image; --pull asks what the name means now',
    range: { startLine: 3 },
  });
});

test('one of an image that was built here, and one that nobody names', () => {
  const own = layerOf('own');
  const vertices = [from('docker.io/library/app:1', [own])];
  expect(baseLost(new LayerLost(own.diffID, 'pruned'), { vertices, targets: [] })).toMatchObject({
    message: `a layer of app:1 is gone (pruned): ${own.diffID}`,
    hint: 'build or pull the base image again',
  });
  expect(baseLost(new LayerLost(own.diffID, 'corrupt'), { vertices: [], targets: [] }).message).toBe(
    `a layer is gone (corrupt): ${own.diffID}`,
  );
});
