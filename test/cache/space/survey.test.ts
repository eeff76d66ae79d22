import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, renameSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { test } from 'vitest';
import { spaceUsage } from '../../../cache/index.ts';
import { removeTree } from '../../../cache/remove-tree.ts';
import { openMeter } from '../../../cache/space/meter.ts';
import { surveyRoot } from '../../../cache/space/survey.ts';
import { tempDir } from '../temp.ts';

const HEX = (digit: string): string => digit.repeat(64);

function write(root: string, path: string, bytes: number): void {
  const file = join(root, path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, Buffer.alloc(bytes, 1));
}

function diskUsage(dir: string): number {
  return Number(execFileSync('du', ['-s', '--block-size=1', dir], { encoding: 'utf8' }).split('\t')[0]);
}

function smallRoot(): string {
  const root = join(tempDir(), 'root');
  write(root, `layers/v1/${HEX('a')}/tar`, 10_000);
  write(root, `layers/v1/${HEX('a')}/toc`, 100);
  write(root, `layers/v1/${HEX('a')}/erofs`, 5000);
  write(root, `layers/v1/${HEX('a')}/fs/bin/sh`, 9000);
  linkSync(join(root, `layers/v1/${HEX('a')}/fs/bin/sh`), join(root, `layers/v1/${HEX('a')}/fs/bin/ash`));
  symlinkSync('/etc/passwd', join(root, `layers/v1/${HEX('a')}/fs/link`));
  write(root, `content/v1/sha256/bb/${HEX('b')}`, 20_000);
  write(root, `records/v1/cc/${HEX('c')}`, 300);
  write(root, `records/v1/memo/00/x`, 300);
  write(root, `records/v1/places/y`, 300);
  write(root, `mounts/${HEX('d')}/0/file`, 30_000);
  write(root, `mounts/${HEX('d')}/0.lock`, 0);
  write(root, `mounts/${HEX('d')}/name`, 10);
  write(root, 'git/store/HEAD', 10);
  write(root, 'failed/one/fs/x', 4000);
  write(root, 'builds/20261121-113529123-1f3c.json', 4000);
  write(root, 'logs/20261121-113529123-1f3c/RUN.log', 4000);
  write(root, 'stat/context', 4000);
  write(root, 'tmp/tsbuild-1-2', 4000);
  return root;
}

test('what is deeper than a path can be long is counted', async () => {
  const top = tempDir();
  const below = join(...Array.from({ length: 15 }, () => 'x'.repeat(200)));
  write(top, 'deep/file', 50_000);
  for (const _ of [1, 2]) {
    mkdirSync(join(top, 'around', below), { recursive: true });
    renameSync(join(top, 'deep'), join(top, 'around', below, 'deep'));
    renameSync(join(top, 'around'), join(top, 'deep'));
  }
  assert.equal(openMeter().bytesBelow(top), diskUsage(top));
  await removeTree(join(top, 'deep'));
});

test('a directory whose name is no text is counted', () => {
  const top = tempDir();
  const dir = Buffer.concat([Buffer.from(top), Buffer.from('/caf\xe9', 'latin1')]);
  mkdirSync(dir);
  writeFileSync(Buffer.concat([dir, Buffer.from('/file')]), Buffer.alloc(50_000, 1));
  assert.equal(openMeter().bytesBelow(top), diskUsage(top));
});

test('every byte belongs to one kind, and all of them are what du says', () => {
  const root = smallRoot();
  const { bytes, kinds } = spaceUsage(root, { images: [], nowMs: 0 });
  assert.equal(bytes, diskUsage(root));
  assert.equal(
    kinds.reduce((sum, one) => sum + one.bytes, 0),
    bytes,
  );
  for (const { kind, bytes: share } of kinds) assert.ok(share > 0, kind);
  const of = (kind: string) => kinds.find((one) => one.kind === kind)?.bytes ?? 0;
  assert.equal(of('tars'), diskUsage(join(root, `layers/v1/${HEX('a')}/tar`)));
  assert.equal(of('cache-mounts'), diskUsage(join(root, 'mounts')));
});

test('items are what can be removed as a whole, with the time of their last use', () => {
  const root = smallRoot();
  utimesSync(join(root, `mounts/${HEX('d')}/0.lock`), 1000, 1000);
  const { items } = surveyRoot(root);
  const removable = items.filter(({ type }) => type !== 'fixed').map(({ type, path }) => [type, path]);
  assert.deepEqual(removable, [
    ['layer', `layers/v1/${HEX('a')}`],
    ['blob', `content/v1/sha256/bb/${HEX('b')}`],
    ['record', `records/v1/cc/${HEX('c')}`],
    ['cache-mount', `mounts/${HEX('d')}/0`],
    ['context', 'git/store'],
    ['failure', 'failed/one'],
    ['report', 'builds/20261121-113529123-1f3c.json'],
    ['report', 'logs/20261121-113529123-1f3c'],
  ]);
  assert.equal(items.find(({ type }) => type === 'cache-mount')?.lastUsedAt, 1_000_000);
});

test('what is remembered of unpacked layers is believed until they are others', () => {
  const root = smallRoot();
  const measure = () => surveyRoot(root, { remembers: true }).bytes;
  assert.equal(measure(), diskUsage(root));
  assert.equal(measure(), diskUsage(root));
  const fs = join(root, `layers/v1/${HEX('a')}/fs`);
  renameSync(fs, `${fs}-old`);
  write(root, `layers/v1/${HEX('a')}/fs/other`, 50_000);
  assert.equal(measure(), diskUsage(root));
});

test('a root that is not there takes nothing', () => {
  assert.equal(surveyRoot(join(tempDir(), 'none')).bytes, 0);
});

test('trees of files, links and directories measure as du measures them', () => {
  const entry = fc.record({
    path: fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 3 }),
    bytes: fc.integer({ min: 0, max: 20_000 }),
    isLink: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 12 }), (entries) => {
      const dir = tempDir();
      let last: string | undefined;
      for (const [index, { path, bytes, isLink }] of entries.entries()) {
        const file = join(dir, ...path.map((part) => `${part}d`), `f${index}`);
        mkdirSync(join(file, '..'), { recursive: true });
        if (isLink && last !== undefined) linkSync(last, file);
        else writeFileSync(file, Buffer.alloc(bytes));
        last = file;
      }
      assert.equal(openMeter().bytesBelow(dir), diskUsage(dir));
    }),
    { numRuns: 25 },
  );
});
