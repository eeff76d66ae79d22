import { createHash } from 'node:crypto';
import { afterEach, expect, test, vi } from 'vitest';
import { digestOf } from '../../../cache/index.ts';

afterEach(() => {
  vi.doUnmock('node:zlib');
  vi.doUnmock('node:crypto');
  vi.resetModules();
});

test('crc32 without Node’s own', async () => {
  vi.doMock('node:zlib', async (original) => ({ ...(await original<object>()), crc32: undefined }));
  const { crc32 } = await import('../../../src/image/layer/crc32.ts');
  expect(crc32(Buffer.from('123456789'), 0)).toBe(0xcbf43926);
  expect(crc32(Buffer.from('6789'), crc32(Buffer.from('12345'), 0))).toBe(0xcbf43926);
});

test.each([false, true])('digests of files in one piece and in several; crypto.hash there: %s', async (isThere) => {
  const hash = isThere ? (_: string, data: Uint8Array) => createHash('sha256').update(data).digest('hex') : undefined;
  vi.doMock('node:crypto', async (original) => ({ ...(await original<object>()), hash }));
  const { PiecewiseSha256 } = await import('../../../cache/index.ts');
  for (const pieces of [['hello'], ['he', 'llo'], ['h', 'ello'], ['', 'hello']]) {
    const digest = new PiecewiseSha256(5);
    for (const piece of pieces) digest.update(Buffer.from(piece));
    expect(digest.digest()).toBe(digestOf('hello'));
  }
  expect(new PiecewiseSha256(0).digest()).toBe(digestOf(''));
});
