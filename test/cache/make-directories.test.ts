import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { makeDirectories } from '../../cache/files.ts';

const dir = mkdtempSync(join(tmpdir(), 'directories-'));
afterAll(() => rmSync(dir, { recursive: true }));

const failing = (code: string): unknown => expect.objectContaining({ code });

test('a directory is made with those above it; one that is there stays, behind a link too', () => {
  makeDirectories(join(dir, 'a/b/c'));
  makeDirectories(join(dir, 'a/b/c'));
  symlinkSync('a', join(dir, 'link'));
  makeDirectories(join(dir, 'link/b/d'));
  expect(statSync(join(dir, 'a/b/d')).isDirectory()).toBe(true);
});

test('what is in the way is an error', () => {
  writeFileSync(join(dir, 'file'), '');
  mkdirSync(join(dir, 'over'));
  symlinkSync('nowhere', join(dir, 'over/dangling'));
  expect(() => makeDirectories(join(dir, 'file'))).toThrow(failing('EEXIST'));
  expect(() => makeDirectories(join(dir, 'file/below'))).toThrow(failing('EEXIST'));
  expect(() => makeDirectories(join(dir, 'over/dangling'))).toThrow(failing('EEXIST'));
});

test('a file system that makes no directories ends it', () => {
  expect(() => makeDirectories('/proc/none/below')).toThrow(failing('ENOENT'));
});
