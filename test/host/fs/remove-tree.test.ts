import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { removeTree } from '../../../src/host/fs/index.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'remove-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test('a tree goes with all that is in it, links but not what they lead to', () => {
  mkdirSync(join(dir, 'tree/deep/er'), { recursive: true });
  mkdirSync(join(dir, 'kept'));
  writeFileSync(join(dir, 'kept/file'), 'x');
  writeFileSync(join(dir, 'tree/deep/er/file'), 'x');
  writeFileSync(Buffer.concat([Buffer.from(join(dir, 'tree/')), Buffer.from([0xff, 0xfe])]), 'x');
  symlinkSync('../kept', join(dir, 'tree/link'));
  symlinkSync('nowhere', join(dir, 'tree/dangling'));
  chmodSync(join(dir, 'tree/deep'), 0o500);
  removeTree(join(dir, 'tree'));
  expect(readdirSync(dir)).toEqual(['kept']);
  expect(existsSync(join(dir, 'kept/file'))).toBe(true);
});

test('a file, a link, and what is not there', () => {
  writeFileSync(join(dir, 'file'), 'x');
  symlinkSync('file', join(dir, 'link'));
  removeTree(join(dir, 'link'));
  expect(readdirSync(dir)).toEqual(['file']);
  removeTree(join(dir, 'file'));
  removeTree(join(dir, 'file'));
  expect(readdirSync(dir)).toEqual([]);
});
