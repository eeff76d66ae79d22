import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { writeWhole } from '../../src/exporter/whole-file.ts';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'whole-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

const ways = {
  'without a name': {},
  'beside its place': { openNameless: () => Promise.resolve(undefined) },
} as const;

describe.each(Object.entries(ways))('a file that is made %s', (_, way) => {
  const put = (path: string, write: (file: FileHandle) => Promise<unknown>) =>
    writeWhole(path, { lease: 'mine', write, ...way });

  test('is there when it is whole, with the rights of any new file', async () => {
    writeFileSync(join(dir, 'other'), '');
    const size = await put(join(dir, 'a'), async (file) => {
      await file.writeFile('one ');
      expect(existsSync(join(dir, 'a'))).toBe(false);
      await file.writeFile('two');
      return 7;
    });
    expect(size).toBe(7);
    expect(readFileSync(join(dir, 'a'), 'utf8')).toBe('one two');
    expect(statSync(join(dir, 'a')).mode).toBe(statSync(join(dir, 'other')).mode);
    expect(readdirSync(dir)).toEqual(['a', 'other']);
  });

  test('takes the place of another one, which is whole until then', async () => {
    writeFileSync(join(dir, 'a'), 'a longer one than before');
    await put(join(dir, 'a'), async (file) => {
      await file.writeFile('new');
      expect(readFileSync(join(dir, 'a'), 'utf8')).toBe('a longer one than before');
    });
    expect(readFileSync(join(dir, 'a'), 'utf8')).toBe('new');
    expect(readdirSync(dir)).toEqual(['a']);
  });

  test('takes the place of a symlink that leads nowhere', async () => {
    symlinkSync('nowhere', join(dir, 'a'));
    await put(join(dir, 'a'), (file) => file.writeFile('new'));
    expect(readFileSync(join(dir, 'a'), 'utf8')).toBe('new');
    expect(readdirSync(dir)).toEqual(['a']);
  });

  test('that fails halfway leaves nothing, and what was there', async () => {
    writeFileSync(join(dir, 'a'), 'old');
    const failing = put(join(dir, 'a'), async (file) => {
      await file.writeFile('half');
      throw new Error('the source ended');
    });
    await expect(failing).rejects.toThrow('the source ended');
    expect(readFileSync(join(dir, 'a'), 'utf8')).toBe('old');
    expect(readdirSync(dir)).toEqual(['a']);
  });

  test('never takes what another one has put beside its place', async () => {
    for (const name of ['a', 'a.tmp-mine']) writeFileSync(join(dir, name), 'theirs');
    await expect(put(join(dir, 'a'), (file) => file.writeFile('new'))).rejects.toMatchObject({ code: 'EEXIST' });
    expect(readFileSync(join(dir, 'a'), 'utf8')).toBe('theirs');
  });

  test('that cannot take its place leaves nothing', async () => {
    mkdirSync(join(dir, 'a'));
    await expect(put(join(dir, 'a'), (file) => file.writeFile('new'))).rejects.toMatchObject({ code: 'EISDIR' });
    await expect(put(join(dir, 'none/a'), (file) => file.writeFile('new'))).rejects.toMatchObject({ code: 'ENOENT' });
    expect(readdirSync(dir)).toEqual(['a']);
  });
});

test('what is not whole cannot be seen by anyone, and goes with the process', async () => {
  writeFileSync(join(dir, 'a'), 'old');
  await writeWhole(join(dir, 'a'), {
    lease: 'mine',
    write: async (file) => {
      await file.writeFile('half');
      expect(readdirSync(dir)).toEqual(['a']);
      expect((await file.stat()).nlink).toBe(0);
    },
  });
});
