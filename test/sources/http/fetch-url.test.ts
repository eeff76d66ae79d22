import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { digestOf } from '../../../cache/index.ts';
import {
  type FetchOptions,
  fetchUrl,
  fileNameOf,
  httpTree,
  type UrlResponse,
} from '../../../src/sources/http/index.ts';
import type { RelPath } from '../../../src/util/rel-path.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'http-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function answer(text: string, more: Partial<UrlResponse> = {}): UrlResponse {
  return {
    status: 200,
    headers: {},
    body: (async function* () {
      yield Buffer.from(text);
    })(),
    discard: () => Promise.resolve(),
    ...more,
  };
}

const fetching = (response: UrlResponse | Error, more: Partial<FetchOptions> = {}) =>
  fetchUrl('http://user:secret@host/dir/name.bin?token=secret', {
    dest: join(dir, 'f'),
    fetchFn: () => (response instanceof Error ? Promise.reject(response) : Promise.resolve(response)),
    signal: new AbortController().signal,
    ...more,
  });

test('the file has the name of the URL and the time of the server', async () => {
  const file = await fetching(answer('hello', { headers: { 'last-modified': 'Sun, 13 Sep 2020 12:26:40 GMT' } }));
  expect(file).toEqual({
    name: 'name.bin',
    path: join(dir, 'f'),
    digest: digestOf('hello'),
    size: 5,
    mtimeSec: 1_600_000_000,
  });
  expect(readFileSync(file.path, 'utf8')).toBe('hello');
  expect(statSync(file.path).mode & 0o777).toBe(0o600);
});

test('no date is 1970', async () => {
  expect((await fetching(answer(''))).mtimeSec).toBe(0);
  expect((await fetching(answer('', { headers: { 'last-modified': 'some day' } }))).mtimeSec).toBe(0);
});

test.each([[199], [400], [404], [503]])('status %i is an error without the URL’s secrets', async (status) => {
  const failed = fetching(answer('', { status }));
  await expect(failed).rejects.toMatchObject({
    code: 'http-failed',
    message: `ADD http://host/dir/name.bin: invalid response status ${status}`,
    hint: expect.any(String),
  });
});

test('no answer is an error with the reason; an abort is an abort', async () => {
  await expect(fetching(new Error('cannot find the host'))).rejects.toMatchObject({
    code: 'http-failed',
    message: expect.stringContaining('cannot find the host'),
  });
  await expect(fetching(new Error('x'), { signal: AbortSignal.abort(new Error('stop')) })).rejects.toThrow('stop');
});

test('the checksum decides', async () => {
  expect((await fetching(answer('x'), { checksum: digestOf('x') })).digest).toBe(digestOf('x'));
  await expect(fetching(answer('y'), { checksum: digestOf('x') })).rejects.toMatchObject({
    code: 'checksum-mismatch',
    message: expect.stringContaining(digestOf('y')),
  });
});

test.each([
  ['http://h/a/b.tar.gz', 'b.tar.gz'],
  ['http://h/a/dir/', 'dir'],
  ['http://h', '__unnamed__'],
  ['http://h/?x=/y', '__unnamed__'],
  ['http://h/%C3%BC%20x', 'ü x'],
  ['http://h/a/%2e%2e%2fpasswd', '__unnamed__'],
  ['http://h/a%2fb', '__unnamed__'],
])('%s is named %s', (url, name) => {
  expect(fileNameOf(url)).toBe(name);
});

describe('as a tree', () => {
  test('one file, 0600, of root', async () => {
    const tree = httpTree(await fetching(answer('hello')));
    expect(tree.list('' as RelPath)).toEqual(['name.bin']);
    const entry = tree.lookup('name.bin' as RelPath);
    expect(entry).toMatchObject({ type: 'file', mode: 0o600, uid: 0, gid: 0, size: 5, mtimeSec: 0 });
    let text = '';
    tree.read(entry as never, (chunk) => (text += Buffer.from(chunk).toString()));
    expect(text).toBe('hello');
    expect(tree.lookup('other' as RelPath)).toBeUndefined();
  });
});
