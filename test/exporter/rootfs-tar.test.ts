import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { rootfsTar } from '../../src/exporter/rootfs-tar.ts';
import { memoryTree } from '../rig/memory-tree.ts';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'rootfs-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const tree = memoryTree({
  'b/file': { content: 'hello', mode: 0o4755, uid: 7, gid: 8, linkGroup: 'g' },
  'b/second': { content: 'hello', mode: 0o4755, uid: 7, gid: 8, linkGroup: 'g' },
  'a/link': { type: 'symlink', link: '../b/file', mode: 0o777 },
  'dev/null': { type: 'character', devMajor: 1, devMinor: 3, mode: 0o666 },
});

test('GNU tar lists every file as the tree has it, parents first', async () => {
  const bytes = await read({});
  expect(list(bytes)).toEqual([
    'drwxr-xr-x 0/0 2020-09-13 a/',
    'lrwxrwxrwx 0/0 2020-09-13 a/link -> ../b/file',
    'drwxr-xr-x 0/0 2020-09-13 b/',
    '-rwsr-xr-x 7/8 2020-09-13 b/file',
    'hrwsr-xr-x 7/8 2020-09-13 b/second link to b/file',
    'drwxr-xr-x 0/0 2020-09-13 dev/',
    'crw-rw-rw- 0/0 2020-09-13 dev/null',
  ]);
  expect(execFileSync('tar', ['-xO', 'b/file'], { input: bytes, encoding: 'utf8' })).toBe('hello');
});

test('the epoch dates all files, and nothing is left behind', async () => {
  const lines = list(await read({ epoch: 86_400 }));
  expect(lines.every((line) => line.includes('1970-01-02'))).toBe(true);
  expect(existsSync(join(dir, 'temp'))).toBe(false);
});

test('aborting ends it and leaves nothing', async () => {
  await expect(read({ signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
  expect(existsSync(join(dir, 'temp'))).toBe(false);
});

async function read({
  epoch,
  signal = new AbortController().signal,
}: {
  epoch?: number;
  signal?: AbortSignal;
}): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of rootfsTar(tree, { tempPath: join(dir, 'temp'), epoch, signal })) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** `mode owner date name`, without sizes and times of day. */
function list(bytes: Buffer): string[] {
  const text = execFileSync('tar', ['-tv', '--numeric-owner', '--utc'], { input: bytes, encoding: 'utf8' });
  return text
    .trim()
    .split('\n')
    .map((line) => line.replace(/^(\S+) (\S+)\s+\S+ (\S+) \S+ (.*)$/, '$1 $2 $3 $4'));
}
