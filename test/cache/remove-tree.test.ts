import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { removeTree } from '../../cache/index.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'remove-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test('a tree goes with all that is in it, links but not what they lead to', async () => {
  mkdirSync(join(dir, 'tree/deep/er'), { recursive: true });
  mkdirSync(join(dir, 'kept'));
  writeFileSync(join(dir, 'kept/file'), 'x');
  writeFileSync(join(dir, 'tree/deep/er/file'), 'x');
  writeFileSync(Buffer.concat([Buffer.from(join(dir, 'tree/')), Buffer.from([0xff, 0xfe])]), 'x');
  symlinkSync('../kept', join(dir, 'tree/link'));
  symlinkSync('nowhere', join(dir, 'tree/dangling'));
  chmodSync(join(dir, 'tree/deep'), 0o500);
  await removeTree(join(dir, 'tree'));
  expect(readdirSync(dir)).toEqual(['kept']);
  expect(existsSync(join(dir, 'kept/file'))).toBe(true);
});

test('a file, a link, and what is not there', async () => {
  writeFileSync(join(dir, 'file'), 'x');
  symlinkSync('file', join(dir, 'link'));
  await removeTree(join(dir, 'link'));
  expect(readdirSync(dir)).toEqual(['file']);
  await removeTree(join(dir, 'file'));
  await removeTree(join(dir, 'file'));
  expect(readdirSync(dir)).toEqual([]);
});

test('a tree deeper than a path can be long, names that look like its helper’s included', async () => {
  const here = process.cwd();
  mkdirSync(join(dir, 'tree/.deep-1'), { recursive: true });
  writeFileSync(join(dir, 'tree/.deep-1/x'), 'x');
  process.chdir(join(dir, 'tree'));
  try {
    for (let depth = 0; depth < 60; depth++) {
      mkdirSync('d'.repeat(200));
      process.chdir('d'.repeat(200));
    }
    writeFileSync('file', 'x');
  } finally {
    process.chdir(here);
  }
  await removeTree(join(dir, 'tree'));
  expect(readdirSync(dir)).toEqual([]);
});

test('a deep tree of directories that an ordinary user has made read-only', async () => {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) {
    chownSync(dir, NOBODY, NOBODY);
    process.seteuid?.(NOBODY);
  }
  try {
    const deep = join(dir, 'tree', ...Array.from({ length: 15 }, () => 'd'.repeat(200)));
    mkdirSync(deep, { recursive: true });
    for (let path = deep; path !== dir; path = dirname(path)) chmodSync(path, 0o555);
    await removeTree(join(dir, 'tree'));
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
  expect(readdirSync(dir)).toEqual([]);
});

const NOBODY = 65_534;

test('many names, while others go on', async () => {
  for (let index = 0; index < 3000; index++) writeFileSync(join(dir, `f${index}`), '');
  let turns = 0;
  const other = setInterval(() => {
    turns += 1;
  }, 0);
  await removeTree(dir);
  clearInterval(other);
  expect(turns).toBeGreaterThan(0);
  expect(existsSync(dir)).toBe(false);
});
