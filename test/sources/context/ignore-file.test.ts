import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findIgnoreFile, parseIgnoreFile } from '../../../src/sources/context/index.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ignore-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test('the ignore file of the Dockerfile wins over the one of the context; they are not merged', () => {
  writeFileSync(join(dir, '.dockerignore'), '*.md\n');
  expect(findIgnoreFile(dir, join(dir, 'special.Dockerfile'))).toMatchObject({
    name: '.dockerignore',
    rules: [{ pattern: '*.md', line: 1, file: '.dockerignore' }],
  });
  writeFileSync(join(dir, 'special.Dockerfile.dockerignore'), '\nsrc\n');
  expect(findIgnoreFile(dir, join(dir, 'special.Dockerfile'))).toMatchObject({
    name: 'special.Dockerfile.dockerignore',
    rules: [{ pattern: 'src', line: 2 }],
  });
});

test('a Dockerfile elsewhere brings its own', () => {
  mkdirSync(join(dir, 'docker'));
  writeFileSync(join(dir, 'docker/Dockerfile.dockerignore'), 'x\n');
  expect(findIgnoreFile(dir, join(dir, 'docker/Dockerfile'))?.path).toBe(join(dir, 'docker/Dockerfile.dockerignore'));
  expect(findIgnoreFile(dir)).toBeUndefined();
});

test.each([
  ['a\n!\n', '.dockerignore:2', 'illegal exclusion pattern: "!"'],
  ['!/\n', '.dockerignore:1', 'illegal exclusion pattern: "!"'],
  ['[z\n', '.dockerignore:1', 'syntax error in pattern "[z"'],
  ['a\n [b-A]\n', '.dockerignore:2', 'syntax error in pattern "[b-A]"'],
])('%j is an error at its line', (text, at, what) => {
  expect(() => parseIgnoreFile(text, '.dockerignore')).toThrow(
    expect.objectContaining({
      code: 'ignore-invalid',
      message: expect.stringContaining(`${at}: ${what}`),
      range: expect.objectContaining({ file: '.dockerignore' }),
    }),
  );
});

test('a directory is no ignore file', () => {
  mkdirSync(join(dir, 'Dockerfile.dockerignore'));
  mkdirSync(join(dir, '.dockerignore'));
  expect(findIgnoreFile(dir, join(dir, 'Dockerfile'))).toBeUndefined();
});

test('a link is followed within the directory that it lies in, and nowhere else', () => {
  mkdirSync(join(dir, 'context/in'), { recursive: true });
  const context = join(dir, 'context');
  writeFileSync(join(dir, 'outside'), 'a\n');
  writeFileSync(join(context, 'in/rules'), 'b\n');
  const patternsWith = (target: string) => {
    rmSync(join(context, '.dockerignore'), { force: true });
    symlinkSync(target, join(context, '.dockerignore'));
    return findIgnoreFile(context)?.rules.map(({ pattern }) => pattern);
  };
  expect(patternsWith('in/rules')).toEqual(['b']);
  expect(patternsWith('/in/rules')).toEqual(['b']);
  expect(patternsWith('../outside')).toBeUndefined();
  expect(patternsWith(join(dir, 'outside'))).toBeUndefined();
});

test('what cannot be read is told', () => {
  symlinkSync('.dockerignore', join(dir, '.dockerignore'));
  expect(() => findIgnoreFile(dir)).toThrow(expect.objectContaining({ code: 'context-invalid' }));
});

test('a pipe of that name is none, and nobody waits for it', () => {
  execFileSync('mkfifo', [join(dir, '.dockerignore')]);
  expect(findIgnoreFile(dir)).toBeUndefined();
});
