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
      { name: 'oci-layout', size: 5, body: Buffer.from('hello') },
      { name: 'blobs/sha256/big', size: 600_000, body: body() },
    ];
    for await (const chunk of packArchive(files)) if (chunk instanceof Uint8Array) chunks.push(chunk);
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
    for await (const _ of packArchive([{ name: 'a', size: 10, body: broken() }]));
  };
  await expect(reading()).rejects.toThrow('disk gone');
});

test.each([
  ['at the first header', 1, []],
  ['in the middle of a body', 4, ['a']],
])('who stops reading %s gets the sources closed, and no next one opened', async (_name, chunks, begun) => {
  const opened: string[] = [];
  const closed: string[] = [];
  async function* body(name: string) {
    opened.push(name);
    try {
      for (let count = 0; count < 1000; count += 1) yield Buffer.alloc(64 * 1024);
    } finally {
      closed.push(name);
    }
  }
  async function* files() {
    try {
      for (const name of ['a', 'b']) yield { name, size: 64 * 1024 * 1000, body: body(name) };
    } finally {
      closed.push('files');
    }
  }
  let seen = 0;
  for await (const _chunk of packArchive(files())) {
    seen += 1;
    if (seen === chunks) break;
  }
  expect(opened).toEqual(begun);
  expect(closed).toEqual([...begun, 'files']);
});

test('who stops reading before the first chunk opens nothing', async () => {
  const archive = packArchive([{ name: 'a', size: 1, body: Buffer.from('x') }])[Symbol.asyncIterator]();
  await archive.return(undefined);
  expect(await archive.next()).toEqual({ done: true, value: undefined });
});

test('a body of another size than announced is an error', async () => {
  const reading = async () => {
    for await (const _ of packArchive([{ name: 'a', size: 10, body: Buffer.from('x') }]));
  };
  await expect(reading()).rejects.toThrow('Size mismatch');
});

test('a file of this machine is a piece of its own, between its header and its padding', async () => {
  const pieces: (Uint8Array | { readonly path: string; readonly size: number })[] = [];
  const body = { path: '/somewhere', size: 513 };
  for await (const piece of packArchive([{ name: 'a', size: 513, body }])) pieces.push(piece);
  expect(pieces.map((piece) => (piece instanceof Uint8Array ? piece.length : piece.path))).toEqual([
    512,
    '/somewhere',
    511,
    1024,
  ]);
});
