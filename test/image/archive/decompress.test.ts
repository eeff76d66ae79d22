import { execFileSync } from 'node:child_process';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import {
  ArchiveError,
  type Compression,
  decompress,
  type Filter,
  sniffCompression,
} from '../../../src/image/archive/index.ts';

const { signal } = new AbortController();
const PLAIN = Buffer.from('all work and no play\n'.repeat(200_000));

async function all(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Bytes in chunks; `closed` says whether the source was given back. */
function source(bytes: Buffer, step = 64 * 1024) {
  const state = { closed: false, given: 0 };
  async function* chunks() {
    try {
      for (let at = 0; at < bytes.length; at += step) {
        state.given += 1;
        yield bytes.subarray(at, at + step);
      }
    } finally {
      state.closed = true;
    }
  }
  return { chunks: chunks(), state };
}

/** The programs that Node lacks, run at once. */
const filter: Filter = async function* run([program = '', ...args], bytes) {
  yield execFileSync(program, args, { input: await all(bytes), maxBuffer: 1 << 26 });
};

describe('sniffing', () => {
  test.each(['gzip', 'bzip2', 'xz', 'zstd'] as const)('%s', async (kind) => {
    const packed = execFileSync(kind, ['-c'], { input: PLAIN });
    expect(sniffCompression(packed.subarray(0, 8))).toBe(kind);
    expect((await all(decompress(source(packed).chunks, kind, { signal, filter }))).equals(PLAIN)).toBe(true);
  });

  test('zstd that begins with a frame to be skipped', async () => {
    const packed = Buffer.concat([
      Buffer.from('5f2a4d1804000000abababab', 'hex'),
      execFileSync('zstd', ['-c'], { input: PLAIN }),
    ]);
    expect(sniffCompression(packed.subarray(0, 8))).toBe('zstd');
    expect((await all(decompress(source(packed).chunks, 'zstd', { signal, filter }))).equals(PLAIN)).toBe(true);
  });

  test('what is none of them', () => {
    for (const head of ['', '\x1f', 'plain', '\xfd7zXZ', '\x60\x2a\x4d\x18'])
      expect(sniffCompression(Buffer.from(head, 'latin1'))).toBe('none');
  });
});

describe('gzip', () => {
  test('any size of chunks, several members', async () => {
    const packed = gzipSync(PLAIN);
    for (const step of [777, 100_000, packed.length])
      expect((await all(decompress(source(packed, step).chunks, 'gzip', { signal }))).equals(PLAIN)).toBe(true);
    const two = Buffer.concat([gzipSync('one'), gzipSync('two')]);
    expect((await all(decompress(source(two).chunks, 'gzip', { signal }))).toString()).toBe('onetwo');
  });

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['cut off', gzipSync(PLAIN).subarray(0, 100)],
    ['something else', Buffer.from('something else')],
    ['changed', gzipSync(PLAIN).fill(0xff, 30, 60)],
  ])('%s: refused', async (_name, packed) => {
    await expect(all(decompress(source(packed).chunks, 'gzip', { signal }))).rejects.toMatchObject({
      name: 'ArchiveError',
      code: 'not-compressed',
    });
  });

  test('an error of the source is the error', async () => {
    async function* broken() {
      yield gzipSync(PLAIN).subarray(0, 50);
      throw new Error('connection lost');
    }
    await expect(all(decompress(broken(), 'gzip', { signal }))).rejects.toThrow('connection lost');
  });

  test('who stops reading gives the source back', async () => {
    const random = Buffer.alloc(8_000_000, Buffer.from('x'.repeat(97)));
    for (let at = 0; at < random.length; at += 1) random[at] = (at * at * 31 + (at >> 7)) & 0xff;
    const { chunks, state } = source(gzipSync(random, { level: 0 }));
    for await (const chunk of decompress(chunks, 'gzip', { signal })) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    await expect.poll(() => state.closed).toBe(true);
    expect(state.given).toBeLessThan(125);
  });

  test('an abort ends it, even while the source gives nothing', async () => {
    const abort = new AbortController();
    async function* stalled() {
      yield gzipSync(PLAIN).subarray(0, 50);
      await new Promise(() => undefined);
    }
    const reading = all(decompress(stalled(), 'gzip', { signal: abort.signal }));
    abort.abort(new Error('enough'));
    await expect(reading).rejects.toThrow('enough');
    const late = all(decompress(source(PLAIN).chunks, 'gzip', { signal: abort.signal }));
    await expect(late).rejects.toThrow('enough');
  });
});

test('what is not compressed passes through; what nobody can read is refused', async () => {
  const { chunks } = source(PLAIN);
  expect(decompress(chunks, 'none', { signal })).toBe(chunks);
  const refuse = (kind: Compression) => () => decompress(source(PLAIN).chunks, kind, { signal });
  expect(refuse('xz')).toThrow(ArchiveError);
  expect(refuse('bzip2')).toThrow('bzip2 cannot be read here');
});
