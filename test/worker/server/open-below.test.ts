import { fstatSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openBelow } from '../../../src/worker/server/open-below.ts';
import { openFiles } from '../../rig/open-files.ts';

const dir = mkdtempSync(join(tmpdir(), 'below-'));
const top = join(dir, 'top');
mkdirSync(join(top, 'a/b'), { recursive: true });
mkdirSync(join(top, 'etc'));
writeFileSync(join(top, 'a/b/file'), 'inside');
writeFileSync(join(dir, 'secret'), 'outside!');
for (const [name, target] of [
  ['absolute', '/a/b/file'],
  ['relative', 'a/./b'],
  ['out', '../secret'],
  ['far-out', '../../../../etc'],
  ['host', '/etc/passwd'],
  ['a/up', '../a/b'],
  ['loop', 'loop'],
  ['nowhere', 'none'],
] as const)
  symlinkSync(target, join(top, name));

afterAll(() => rmSync(dir, { recursive: true }));

test.each<[string, string | undefined]>([
  ['/', '.'],
  ['/a/b', 'a/b'],
  ['a/b/file', 'a/b/file'],
  ['/a/../a/b/', 'a/b'],
  ['/../../a', 'a'],
  ['/absolute', 'a/b/file'],
  ['/relative/file', 'a/b/file'],
  ['/a/up/file', 'a/b/file'],
  ['/far-out', 'etc'],
  ['/out', undefined],
  ['/host', undefined],
  ['/nowhere', undefined],
  ['/none', undefined],
  ['/a/b/file/x', undefined],
])('%s leads to %s', (path, expected) => {
  const opened = openBelow(top, path);
  const found = opened === undefined ? undefined : fstatSync(opened.fd).ino;
  opened?.[Symbol.dispose]();
  const wanted = expected === undefined ? undefined : openBelow(top, expected);
  expect(found).toBe(wanted?.stat.ino);
  wanted?.[Symbol.dispose]();
  expect(openFiles(dir)).toEqual([]);
});

test('links without an end', () => {
  expect(() => openBelow(top, 'loop')).toThrow(/more than 40 links/);
});
