import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { packArchive } from '../../../src/image/archive/index.ts';

test('files of bytes and of streams, readable by GNU tar and the same every time', async () => {
  async function* body() {
    yield Buffer.alloc(300_000, 'a');
    yield Buffer.alloc(300_000, 'b');
  }
  const pack = async () => {
    const chunks: Uint8Array[] = [];
    const files = [
      { name: 'oci-layout', size: 5, mtimeSec: 0, body: Buffer.from('hello') },
      { name: 'blobs/sha256/big', size: 600_000, mtimeSec: 7, body: body() },
    ];
    for await (const chunk of packArchive(files)) chunks.push(chunk);
    return Buffer.concat(chunks);
  };
  const first = await pack();
  expect((await pack()).equals(first)).toBe(true);
  expect(execFileSync('tar', ['-tf', '-'], { input: first, encoding: 'utf8' })).toBe('oci-layout\nblobs/sha256/big\n');
  expect(execFileSync('tar', ['-xOf', '-', 'blobs/sha256/big'], { input: first }).length).toBe(600_000);
});

test('an error while a file is read ends the archive with it', async () => {
  async function* broken() {
    yield Buffer.from('x');
    throw new Error('disk gone');
  }
  const reading = async () => {
    for await (const _ of packArchive([{ name: 'a', size: 10, mtimeSec: 0, body: broken() }]));
  };
  await expect(reading()).rejects.toThrow('disk gone');
});
