import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { checkDestinations, writeText } from '../../src/exporter/index.ts';

function tempDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'destination-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

describe('a text', () => {
  test('takes the place of what was there', () => {
    const dir = tempDir();
    writeFileSync(join(dir, 'a'), 'a longer text');
    writeText(join(dir, 'a'), 'new');
    expect(readFileSync(join(dir, 'a'), 'utf8')).toBe('new');
    expect(readdirSync(dir)).toEqual(['a']);
  });

  test('goes where a symlink leads, which stays', () => {
    const dir = tempDir();
    mkdirSync(join(dir, 'there'));
    writeFileSync(join(dir, 'there/a'), '');
    symlinkSync('there/a', join(dir, 'link'));
    writeText(join(dir, 'link'), 'new');
    expect(lstatSync(join(dir, 'link')).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(dir, 'there/a'), 'utf8')).toBe('new');
  });

  test('goes through a pipe, which stays one', () => {
    const pipe = join(tempDir(), 'pipe');
    execFileSync('mkfifo', [pipe]);
    execFileSync('sh', ['-c', 'cat "$1" > "$1.read" & echo', 'sh', pipe], { stdio: 'ignore' });
    writeText(pipe, 'new');
    expect(lstatSync(pipe).isFIFO()).toBe(true);
  });

  test('that cannot be renamed leaves nothing beside its place', () => {
    const dir = tempDir();
    mkdirSync(join(dir, 'full'));
    expect(() => writeText(join(dir, 'full'), 'new')).toThrow(/it is a directory/);
    expect(() => writeText(join(dir, 'none/a'), 'new')).toThrow(/its directory does not exist/);
    expect(readdirSync(dir)).toEqual(['full']);
  });
});

describe('a directory that is to be written', () => {
  const check = (dest: string) => checkDestinations([{ type: 'local', dest }]);

  test('may be there, or be made with what is above it', () => {
    const dir = tempDir();
    check(dir);
    check(join(dir, 'a/b/c'));
    expect(readdirSync(dir)).toEqual([]);
  });

  test('is told beforehand when it, or what is above it, is a file', () => {
    const file = join(tempDir(), 'file');
    writeFileSync(file, '');
    expect(() => check(file)).toThrow(`cannot write ${file}: it is not a directory`);
    expect(() => check(join(file, 'a/b'))).toThrow(`cannot write ${file}/a/b: ${file} is not a directory`);
  });
});
