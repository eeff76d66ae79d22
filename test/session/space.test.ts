import { existsSync, mkdirSync, readFileSync, statfsSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { bytesOnDisk } from '../../cache/index.ts';
import { enforceCap, prune } from '../../src/session/space.ts';
import { tempDir } from '../rig/layers.ts';

const HUGE = 1e15;
let rootDir = '';
let file = '';

beforeEach(() => {
  const dir = tempDir();
  onTestFinished(() => dir[Symbol.dispose]());
  rootDir = dir.path;
  file = join(rootDir, 'space');
  mkdirSync(join(rootDir, 'leases'));
});

test('what is written down of a measure is counted with it', async () => {
  const maxBytes = bytesOnDisk(rootDir) + 100;
  const warn = (message: string): void => expect.unreachable(message);
  const signal = new AbortController().signal;
  const options = { maxBytes, hasOnlyHits: false, signal, warn, removeLeftovers: async () => undefined };
  expect(await enforceCap(rootDir, options)).toBeDefined();
});

/** Whether the root was measured at the end of a build in which something ran. */
async function isMeasured(maxBytes: number): Promise<boolean> {
  const before = textOf(file);
  // More than the last measure says.
  writeFileSync(join(rootDir, `more-${String(before.length)}`), 'x'.repeat(10_000));
  const warn = (message: string): void => expect.unreachable(message);
  const signal = new AbortController().signal;
  await enforceCap(rootDir, { maxBytes, hasOnlyHits: false, signal, warn, removeLeftovers: async () => undefined });
  return textOf(file) !== before;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function freeBytes(): number {
  const { bfree, bsize } = statfsSync(rootDir);
  return bfree * bsize;
}

describe('whether a root is measured after a build in which something ran', () => {
  test('it is the first time, and not again while the cap is far', async () => {
    expect(await isMeasured(HUGE)).toBe(true);
    expect(textOf(file)).toMatch(/^\d+ \d+$/);
    expect(await isMeasured(HUGE)).toBe(false);
  });

  test('it is near the cap', async () => {
    expect(await isMeasured(HUGE)).toBe(true);
    expect(await isMeasured(1e9)).toBe(true);
  });

  test('it is when the disk lost more than the cap leaves', async () => {
    writeFileSync(file, `5000 ${freeBytes() + 5e9}`);
    expect(await isMeasured(5e9)).toBe(true);
    writeFileSync(file, `5000 ${freeBytes() + 5e9}`);
    expect(await isMeasured(20e9)).toBe(false);
  });

  test.each([
    ['long ago', -2 * 60 * 60],
    ['in the future', 60],
  ])('it is when that was %s', async (_, seconds) => {
    expect(await isMeasured(HUGE)).toBe(true);
    const then = Date.now() / 1000 + seconds;
    utimesSync(file, then, then);
    expect(await isMeasured(HUGE)).toBe(true);
  });

  test.each(['', '12', 'twelve 4', '12 4 5'])('it is when the last measure says %o', async (text) => {
    writeFileSync(file, text);
    expect(await isMeasured(HUGE)).toBe(true);
  });
});

test('a root that is not there has nothing to prune, and is not made', async () => {
  const warn = (message: string): void => expect.unreachable(message);
  const deps = { signal: new AbortController().signal, warn, removeLeftovers: async () => undefined };
  const absent = join(rootDir, 'absent');
  expect(await prune(absent, { all: true }, deps)).toMatchObject({ items: [], images: [], bytes: 0 });
  expect(existsSync(absent)).toBe(false);
});
