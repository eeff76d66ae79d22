import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { contentIDOf, diffIDOf, digestOf } from '../../../cache/index.ts';
import { listNames, openNames, type StoredImage } from '../../../src/image/names/index.ts';

const dirs: string[] = [];

afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true });
});

test('a name stands for the image that was put last', () => {
  const { dir, names } = setup();
  expect(names.get('docker.io/library/app:1')).toBeUndefined();
  names.put('docker.io/library/app:1', image('one'));
  names.put('docker.io/library/app:1', image('two'));
  names.put('docker.io/library/app:0', image('one'));
  expect(names.get('docker.io/library/app:1')).toEqual(image('two'));
  expect(listNames(dir).map(({ name }) => name)).toEqual(['docker.io/library/app:0', 'docker.io/library/app:1']);
});

test('a name that stands for the image already keeps its time, and its file', () => {
  const { dir, names } = setup();
  names.put('x', { ...image('one'), at: 1 });
  const inode = () => statSync(join(dir, readdirSync(dir)[0] ?? '')).ino;
  const before = inode();
  names.put('x', { ...image('one'), at: 2 });
  expect([names.get('x')?.at, inode()]).toEqual([1, before]);
  names.put('x', { ...image('one'), kind: 'built', outputs: [{ dest: '/a.tar', size: 1 }], at: 3 });
  expect(names.get('x')?.at).toBe(3);
});

test('nothing but the files of names is left, whatever the names', () => {
  const { dir, names } = setup();
  names.put('docker.io/../../../etc/passwd:\u0000', image('one'));
  expect(readdirSync(dir)).toEqual([expect.stringMatching(/^[0-9a-f]{64}\.json$/)]);
});

test('a file on its way lies where whoever opens the root finds what a killed build left', () => {
  const { dir, top, names } = setup();
  mkdirSync(dir);
  rmSync(join(top, 'tmp'), { recursive: true });
  expect(() => names.put('x', image('one'))).toThrow(join(top, 'tmp'));
  expect(readdirSync(dir)).toEqual([]);
});

test('without a time it is now', () => {
  const { names } = setup();
  names.put('x', { ...image('one'), at: undefined });
  expect(names.get('x')?.at).toBe(4242);
});

test('a file that is torn, foreign or of another version is no image', () => {
  const { dir, names } = setup();
  names.put('x', image('one'));
  const [file = ''] = readdirSync(dir);
  for (const text of ['', '{', '[]', 'null', '{"version":2}', '{"version":1,"name":"x","manifest":"sha256:zz"}']) {
    writeFileSync(join(dir, file), text);
    expect(names.get('x')).toBeUndefined();
    expect(listNames(dir)).toEqual([]);
  }
});

test('what is removed is gone', () => {
  const { names } = setup();
  names.put('x', image('one'));
  expect([names.remove('x'), names.remove('x'), names.get('x')]).toEqual([true, false, undefined]);
});

function setup() {
  const top = mkdtempSync(join(tmpdir(), 'names-'));
  dirs.push(top);
  const dir = join(top, 'images');
  mkdirSync(join(top, 'tmp'));
  const tempPath = (purpose: string) => join(top, 'tmp', purpose);
  return { dir, top, names: openNames(dir, { now: () => 4242, tempPath }) };
}

function image(seed: string): StoredImage {
  const diffID = diffIDOf(digestOf(seed));
  const blob = { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: digestOf(`${seed}.gz`), size: 3 };
  return {
    manifest: digestOf(`${seed} manifest`),
    config: digestOf(`${seed} config`),
    platform: { os: 'linux', architecture: 'arm', variant: 'v7' },
    layers: [
      {
        diffID,
        contentID: contentIDOf(diffID),
        blob,
        verified: true,
        origins: [{ repository: 'docker.io/library/x', digest: blob.digest }],
      },
      { diffID, contentID: contentIDOf(diffID), verified: false, origins: [] },
    ],
    kind: 'built',
    at: 1,
    outputs: [{ dest: '/x.tar', size: 12 }],
  };
}
