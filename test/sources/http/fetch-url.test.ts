import { readFileSync, statSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { digestOf } from '../../../cache/index.ts';
import {
  dispositionName,
  type FetchOptions,
  fetchUrl,
  httpTree,
  type UrlRequest,
  type UrlResponse,
} from '../../../src/sources/http/index.ts';
import type { RelPath } from '../../../src/util/rel-path.ts';
import { sessionRig } from '../../session/rig.ts';

type Answer = Partial<Omit<UrlResponse, 'body'>> & { readonly body?: string | (() => AsyncIterable<Uint8Array>) };

async function* bytes(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

/** Breaks after some bytes, as host/net's errors tell it. */
async function* broken(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('hal');
  throw Object.assign(new Error('host closed the connection'), { failure: 'reset' });
}

/** A root, and a server that gives these answers in turn; the last one again and again. */
async function urlRig(...answers: readonly (Answer | Error)[]) {
  const { root } = await sessionRig();
  const requests: UrlRequest[] = [];
  const waits: number[] = [];
  const fetching = (more: Partial<FetchOptions> = {}, url = 'http://user:secret@host/dir/name.bin?token=secret') =>
    fetchUrl(url, {
      store: root,
      fetchFn: (request) => {
        const answer = answers[Math.min(requests.push(request), answers.length) - 1];
        if (answer === undefined || answer instanceof Error) return Promise.reject(answer ?? new Error('no answer'));
        const { body = '' } = answer;
        const all = typeof body === 'string' ? bytes(body) : body();
        return Promise.resolve({ status: 200, headers: {}, discard: () => Promise.resolve(), ...answer, body: all });
      },
      authHeader: () => Promise.resolve(undefined),
      limits: { maxBytes: () => ({ bytes: 1000, why: 'the disk is small' }), timeoutMs: 60_000 },
      signal: new AbortController().signal,
      sleep: (ms) => Promise.resolve(void waits.push(ms)),
      ...more,
    });
  return { root, requests, waits, fetching };
}

const HELLO = { body: 'hello', headers: { etag: '"1"', 'last-modified': 'Sun, 13 Sep 2020 12:26:40 GMT' } };
const NOT_MODIFIED = { status: 304 };

test('the file has the name of the URL and the time of the server, and is kept as a blob', async () => {
  const { root, requests, fetching } = await urlRig(HELLO);
  const file = await fetching();
  expect(file).toEqual({
    name: 'name.bin',
    offeredName: undefined,
    path: root.content.path(digestOf('hello')),
    digest: digestOf('hello'),
    size: 5,
    mtimeSec: 1_600_000_000,
  });
  expect(readFileSync(file.path, 'utf8')).toBe('hello');
  expect(statSync(file.path).mode & 0o777).toBe(0o600);
  expect(requests.map(({ url, headers }) => [url, headers])).toEqual([
    ['http://host/dir/name.bin?token=secret', { authorization: 'Basic dXNlcjpzZWNyZXQ=', 'accept-encoding': 'gzip' }],
  ]);
});

test.each([
  ['Sun, 06 Nov 1994 08:49:37 GMT', 784_111_777],
  ['Sunday, 06-Nov-94 08:49:37 GMT', 784_111_777],
  ['Sun Nov  6 08:49:37 1994', 784_111_777],
  ['some day', 0],
  ['1994-11-06T08:49:37Z', 0],
  ['Sun, 06 Nov 1994 08:49:37 +0100', 0],
  ['Sun, 06 Nov 1994 08:49:37 GMT, later', 0],
])('a file of %s is of %d', async (lastModified, mtimeSec) => {
  const { fetching } = await urlRig({ headers: { 'last-modified': lastModified } });
  expect((await fetching()).mtimeSec).toBe(mtimeSec);
});

test('no date is 1970', async () => {
  const { fetching } = await urlRig({});
  expect((await fetching()).mtimeSec).toBe(0);
});

describe('what was fetched before', () => {
  test('is asked for with its ETag, and is not sent again', async () => {
    const { requests, fetching } = await urlRig(HELLO, NOT_MODIFIED);
    const first = await fetching();
    expect(await fetching()).toEqual(first);
    expect(await fetching({}, 'http://other:user@host/dir/name.bin?token=secret')).toEqual(first);
    expect(requests.map(({ headers }) => headers['if-none-match'])).toEqual([undefined, '"1"', '"1"']);
  });

  test('another ETag is other content', async () => {
    const { requests, fetching } = await urlRig(HELLO, { body: 'new', headers: { etag: '"2"' } }, NOT_MODIFIED);
    await fetching();
    expect(await fetching()).toMatchObject({ digest: digestOf('new'), mtimeSec: 0 });
    expect(await fetching()).toMatchObject({ digest: digestOf('new') });
    expect(requests.map(({ headers }) => headers['if-none-match'])).toEqual([undefined, '"1"', '"2"']);
  });

  test('Last-Modified counts when the file had settled', async () => {
    const time = { 'last-modified': 'Sun, 13 Sep 2020 12:26:40 GMT' };
    const settled = await urlRig({ headers: { ...time, date: 'Sun, 13 Sep 2020 12:28:00 GMT' } }, NOT_MODIFIED);
    await settled.fetching();
    await settled.fetching();
    expect(settled.requests[1]?.headers['if-modified-since']).toBe(time['last-modified']);

    const young = await urlRig({ headers: { ...time, date: 'Sun, 13 Sep 2020 12:26:41 GMT' } });
    await young.fetching();
    await young.fetching();
    expect(young.requests[1]?.headers['if-modified-since']).toBeUndefined();
  });

  test.each([{}, { etag: 'no quotes' }, { etag: '"a\u00e9"' }, { etag: `"${'x'.repeat(2000)}"` }])(
    'nothing to ask with in %j: all of it again',
    async (headers) => {
      const { requests, fetching } = await urlRig({ body: 'x', headers });
      const first = await fetching();
      expect(await fetching()).toEqual(first);
      expect(requests.map((request) => Object.keys(request.headers))).toEqual([
        ['authorization', 'accept-encoding'],
        ['authorization', 'accept-encoding'],
      ]);
    },
  );

  test('is fetched anew when its blob is gone or damaged', async () => {
    const { root, requests, fetching } = await urlRig(HELLO);
    const { digest } = await fetching();
    root.content.remove(digest);
    await fetching();
    const { appendFileSync, writeFileSync } = await import('node:fs');
    writeFileSync(root.content.path(digest), 'jello');
    expect(readFileSync((await fetching()).path, 'utf8')).toBe('hello');
    appendFileSync(root.content.path(digest), '!');
    expect(readFileSync((await fetching()).path, 'utf8')).toBe('hello');
    expect(requests.flatMap(({ headers }) => headers['if-none-match'] ?? [])).toEqual([]);
    expect(requests).toHaveLength(4);
  });

  test('nobody is asked when it is what --checksum names', async () => {
    const { requests, fetching } = await urlRig(HELLO, NOT_MODIFIED);
    await fetching({ checksum: digestOf('hello') });
    await fetching({ checksum: digestOf('hello') });
    expect(requests).toHaveLength(1);
    await expect(fetching({ checksum: digestOf('other') })).rejects.toMatchObject({ code: 'checksum-mismatch' });
    expect(requests).toHaveLength(2);
  });

  test('a 304 that nobody asked for is no content', async () => {
    const { fetching } = await urlRig(NOT_MODIFIED);
    await expect(fetching()).rejects.toMatchObject({ message: expect.stringContaining('invalid response status 304') });
  });
});

describe('content that is compressed for the way', () => {
  const gzipped = (bytes: Uint8Array, more: Record<string, string> = {}): Answer => ({
    headers: { 'content-encoding': 'gzip', 'content-length': String(bytes.length), ...more },
    // in pieces, as it comes
    async *body() {
      for (let at = 0; at < bytes.length; at += 7) yield await Promise.resolve(bytes.subarray(at, at + 7));
    },
  });

  test('is kept as what it is, and asked for by its ETag', async () => {
    const { requests, fetching } = await urlRig(
      gzipped(gzipSync('hello'), { etag: '"z"', 'content-encoding': 'GZIP' }),
      NOT_MODIFIED,
    );
    expect(await fetching({ checksum: digestOf('hello') })).toMatchObject({ digest: digestOf('hello'), size: 5 });
    expect(await fetching()).toMatchObject({ digest: digestOf('hello'), size: 5 });
    expect(requests.map(({ headers }) => headers['if-none-match'])).toEqual([undefined, '"z"']);
    expect(requests.map(({ headers }) => headers['accept-encoding'])).toEqual(['gzip', 'gzip']);
  });

  test('is left alone when it is compressed itself, and when there is none', async () => {
    const file = gzipSync('hello');
    const { fetching } = await urlRig(
      { ...gzipped(file), headers: { 'content-type': 'application/gzip' } },
      { headers: { 'content-encoding': 'gzip', 'content-length': '0' } },
    );
    expect((await fetching()).digest).toBe(digestOf(file));
    expect(await fetching()).toMatchObject({ digest: digestOf(''), size: 0 });
  });

  test('may be shorter than its header, and no longer than the limit', async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    const limits = { maxBytes: () => ({ bytes: 100_000, why: 'the disk is small' }), timeoutMs: 60_000 };
    expect(bomb.length).toBeLessThan(100_000);
    const { root, requests, fetching } = await urlRig(gzipped(bomb), gzipped(gzipSync('')));
    await expect(fetching({ limits })).rejects.toMatchObject({
      code: 'http-failed',
      message: 'http://host/dir/name.bin: it is larger than 100000 bytes: the disk is small',
    });
    expect(requests).toHaveLength(1);
    expect(await fetching()).toMatchObject({ digest: digestOf(''), size: 0 });
    expect(root.content.has(digestOf(''))).toBe(true);
  });

  test('that is endless and holds nothing meets the limit, too', async () => {
    const empty = gzipSync('');
    const { fetching } = await urlRig({
      headers: { 'content-encoding': 'gzip' },
      async *body() {
        for (;;) yield await Promise.resolve(empty);
      },
    });
    await expect(fetching()).rejects.toMatchObject({ message: expect.stringContaining('larger than 1000 bytes') });
  });

  test.each([
    ['cut off', gzipSync('hello'.repeat(20)).subarray(0, 20)],
    ['of another kind', Buffer.from('hello')],
  ])('%s is an error', async (_, bytes) => {
    const { requests, fetching } = await urlRig(gzipped(bytes));
    await expect(fetching()).rejects.toMatchObject({
      code: 'http-failed',
      message: expect.stringContaining('http://host/dir/name.bin: the compressed data is broken'),
    });
    expect(requests).toHaveLength(1);
  });

  test('is asked for again when the answer breaks off; an abort is an abort', async () => {
    const { fetching, requests } = await urlRig(
      {
        headers: { 'content-encoding': 'gzip' },
        async *body() {
          yield gzipSync('hello').subarray(0, 5);
          yield* broken();
        },
      },
      gzipped(gzipSync('hello')),
    );
    expect((await fetching()).digest).toBe(digestOf('hello'));
    expect(requests).toHaveLength(2);

    const stop = new AbortController();
    const hanging = await urlRig({
      headers: { 'content-encoding': 'gzip' },
      async *body() {
        yield gzipSync('hello').subarray(0, 12);
        stop.abort(new Error('stop'));
        await new Promise((resolve) => setTimeout(resolve, 10));
        yield gzipSync('hello').subarray(12);
      },
    });
    await expect(hanging.fetching({ signal: stop.signal })).rejects.toThrow('stop');
  });
});

describe('errors', () => {
  test.each([[199], [400], [404], [503]])('status %i, without the URL’s secrets', async (status) => {
    const { fetching } = await urlRig({ status });
    await expect(fetching()).rejects.toMatchObject({
      code: 'http-failed',
      message: `http://host/dir/name.bin: invalid response status ${status}`,
      hint: expect.any(String),
    });
  });

  test('no answer is an error with the reason; an abort is an abort', async () => {
    const { fetching } = await urlRig(new Error('cannot find the host'));
    await expect(fetching()).rejects.toMatchObject({
      code: 'http-failed',
      message: expect.stringContaining('cannot find the host'),
    });
    await expect(fetching({ signal: AbortSignal.abort(new Error('stop')) })).rejects.toThrow('stop');
  });

  test('the checksum decides; nothing is kept of other content', async () => {
    const { root, fetching } = await urlRig({ body: 'x' }, { body: 'y' });
    expect((await fetching({ checksum: digestOf('x') })).digest).toBe(digestOf('x'));
    await expect(fetching({ checksum: digestOf('z') })).rejects.toMatchObject({
      code: 'checksum-mismatch',
      message: expect.stringContaining(digestOf('y')),
    });
    expect(root.content.has(digestOf('y'))).toBe(false);
  });

  test('a download that breaks is tried again, three times in all', async () => {
    const mended = await urlRig({ body: broken }, { body: broken }, HELLO);
    expect((await mended.fetching()).digest).toBe(digestOf('hello'));
    expect(mended.waits).toEqual([500, 2000]);

    const hopeless = await urlRig({ body: broken });
    await expect(hopeless.fetching()).rejects.toMatchObject({
      code: 'http-failed',
      message: 'http://host/dir/name.bin: host closed the connection',
    });
    expect(hopeless.requests).toHaveLength(3);
    expect(hopeless.root.content.has(digestOf('hal'))).toBe(false);
  });

  test.each([
    ['announced', { headers: { 'content-length': '1001' }, body: 'x' }],
    ['sent', { body: 'x'.repeat(1001) }],
  ])('more bytes than allowed, %s', async (_, answer) => {
    const { requests, fetching } = await urlRig(answer);
    await expect(fetching()).rejects.toMatchObject({
      code: 'http-failed',
      message: 'http://host/dir/name.bin: it is larger than 1000 bytes: the disk is small',
    });
    expect(requests).toHaveLength(1);
  });

  test('the time limit', async () => {
    const { fetching } = await urlRig();
    const never: FetchOptions['fetchFn'] = ({ signal }) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    const limits = { maxBytes: () => ({ bytes: 1, why: '' }), timeoutMs: 5 };
    const heldOpen = setInterval(() => undefined, 1000);
    await expect(fetching({ limits, fetchFn: never })).rejects.toMatchObject({
      code: 'http-failed',
      message: 'http://host/dir/name.bin: it took more than 0.005 s',
    });
    clearInterval(heldOpen);
  });

  test.each([
    ['http://host:99999/x', 'http://host:99999/x'],
    ['http://user:pa/s?s@[::1/x?key=k#part', 'http://[::1/x'],
  ])('what is no URL is named, without what may be secret: %s', async (url, shown) => {
    const { fetching } = await urlRig();
    const refusing = () => Promise.reject(new Error('not an http or https URL'));
    await expect(fetching({ fetchFn: refusing }, url)).rejects.toMatchObject({
      code: 'http-failed',
      message: `${shown}: not an http or https URL`,
    });
  });

  test('a secret with line breaks is no header, and is not told', async () => {
    const { requests, fetching } = await urlRig(HELLO);
    const failed = fetching({ authHeader: () => Promise.resolve('Bearer top\r\nsecret') }, 'http://host/x');
    await expect(failed).rejects.toMatchObject({
      code: 'http-failed',
      message: expect.not.stringContaining('secret\n'),
    });
    await expect(failed).rejects.not.toThrow(/top/);
    expect(requests).toHaveLength(0);
  });
});

test.each([
  [undefined, undefined],
  ['inline', undefined],
  ['attachment; filename=a.tgz', 'a.tgz'],
  ['attachment; filename="a b;c.tgz"', 'a b;c.tgz'],
  ['attachment; filename="a\\"b"', 'a"b'],
  ["attachment; filename=x; filename*=UTF-8''%C3%BC.tar", 'ü.tar'],
  ['attachment; filename="../../etc/passwd"', 'passwd'],
  ["attachment; filename*=utf-8''..%2f..", undefined],
  ['attachment; filename="dir/"', undefined],
  [`attachment; filename="${'x'.repeat(5000)}"`, undefined],
])('Content-Disposition %s offers %s', (header, name) => {
  expect(dispositionName(header)).toBe(name);
});

test('as a tree: one file, 0600, of root', async () => {
  const { fetching } = await urlRig({ body: 'hello' });
  const tree = httpTree(await fetching());
  expect(tree.list('' as RelPath)).toEqual(['name.bin']);
  const entry = tree.lookup('name.bin' as RelPath);
  expect(entry).toMatchObject({ type: 'file', mode: 0o600, uid: 0, gid: 0, size: 5, mtimeSec: 0 });
  let text = '';
  tree.read(entry as never, (chunk) => (text += Buffer.from(chunk).toString()));
  expect(text).toBe('hello');
  expect(tree.lookup('other' as RelPath)).toBeUndefined();
});
