import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { digestOf } from '../../cache/index.ts';
import { type ExportedImage, exportImage } from '../../src/exporter/index.ts';
import { ExportRig } from '../rig/export-rig.ts';

let rig: ExportRig;
let archive: string;
let layout: string;
let exported: ExportedImage;

beforeAll(async () => {
  rig = new ExportRig();
  archive = join(rig.out, 'node-app-1.0.tar');
  layout = join(rig.out, 'layout');
  const image = rig.image([rig.pulledLayer(tarOf('base')), rig.ownLayer(tarOf('own'))]);
  exported = await exportImage(
    image,
    [
      { type: 'oci', dest: archive },
      { type: 'oci', dest: layout, tar: false },
    ],
    rig.deps(),
  );
});
afterAll(() => rig[Symbol.dispose]());

test('skopeo reads it as an OCI archive, as a docker archive and as a layout', () => {
  const inspect = (name: string) =>
    JSON.parse(run('skopeo', ['inspect', name])) as { Digest: string; Layers: string[]; Os: string };
  expect(inspect(`oci-archive:${archive}`)).toMatchObject({ Digest: exported.digest, Os: 'linux' });
  expect(inspect(`oci-archive:${archive}:1.0`).Digest).toBe(exported.digest);
  expect(inspect(`oci:${layout}:1.0`).Digest).toBe(exported.digest);
  expect(inspect(`docker-archive:${archive}`).Layers).toEqual(exported.layers.map(({ diffID }) => diffID));
  const config = run('skopeo', ['inspect', '--config', '--raw', `oci-archive:${archive}`]);
  expect(digestOf(config)).toBe(exported.configDigest);
});

test('skopeo copies it, checking every digest', () => {
  run('skopeo', ['copy', '--quiet', `oci-archive:${archive}`, `dir:${join(rig.out, 'copied')}`]);
  run('skopeo', ['copy', '--quiet', `docker-archive:${archive}:node-app:1.0`, `dir:${join(rig.out, 'copied-docker')}`]);
});

test('umoci unpacks the layout', () => {
  const bundle = join(rig.out, 'bundle');
  run('umoci', ['unpack', '--rootless', '--image', `${layout}:1.0`, bundle]);
  expect(run('cat', [join(bundle, 'rootfs/base.txt'), join(bundle, 'rootfs/own.txt')])).toBe('baseown');
});

test('podman loads it under its name', () => {
  const storage = [
    '--root',
    join(rig.dir, 'podman'),
    '--runroot',
    join(rig.dir, 'podman-run'),
    '--storage-driver',
    'vfs',
  ];
  expect(run('podman', [...storage, 'load', '--quiet', '-i', archive])).toMatch(/node-app:1\.0/);
  const [image] = JSON.parse(run('podman', [...storage, 'image', 'inspect', 'node-app:1.0'])) as {
    Id: string;
    Config: { Cmd: string[] };
  }[];
  expect([`sha256:${image?.Id}`, image?.Config.Cmd]).toEqual([exported.configDigest, ['node', 'app.js']]);
});

function tarOf(name: string): Buffer {
  const dir = join(rig.dir, `files-${name}`);
  mkdirSync(dir);
  writeFileSync(join(dir, `${name}.txt`), name);
  return execFileSync('tar', ['--create', '--sort=name', '--directory', dir, `${name}.txt`]);
}

function run(program: string, args: readonly string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
