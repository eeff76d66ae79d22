import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { digestOf } from '../../cache/index.ts';
import type { BuildOptions } from '../../src/build-options.ts';
import { openHttp } from '../../src/host/net/index.ts';
import { makeFetchFile } from '../../src/session/fetch-file.ts';
import { sessionRig } from './rig.ts';

const signal = new AbortController().signal;

/** A real server and a real client; what was asked is kept. */
async function serverRig(listener: RequestListener) {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    asked.push(request);
    listener(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { asked, host: `127.0.0.1:${String((server.address() as AddressInfo).port)}` };
}

async function fetchRig(secrets: Readonly<Record<string, string>> = {}) {
  const { root, options } = await sessionRig();
  const http = openHttp({ proxyEnv: {}, userAgent: 'test' });
  onTestFinished(() => http[Symbol.asyncDispose]());
  const named: BuildOptions['secrets'] = new Map(
    Object.entries(secrets).map(([id, value]) => [id, { kind: 'env', value }]),
  );
  const fetchFile = makeFetchFile(root, options({ secrets: named }), http);
  return (url: string, more = {}) => fetchFile(url, { signal, ...more });
}

test('a server with ETags sends a file once', async () => {
  let sent = 0;
  const { asked, host } = await serverRig((request, response) => {
    if (request.headers['if-none-match'] === '"v1"') return void response.writeHead(304, { etag: '"v1"' }).end();
    sent += 1;
    response.writeHead(200, { etag: '"v1"' }).end('content');
  });
  const fetching = await fetchRig();
  const first = await fetching(`http://${host}/f`);
  expect(await fetching(`http://${host}/f`)).toEqual(first);
  expect([asked.length, sent]).toEqual([2, 1]);
  expect(asked.map(({ method }) => method)).toEqual(['GET', 'GET']);
});

test('a connection that breaks in the middle of a file', async () => {
  let count = 0;
  const { host } = await serverRig((_, response) => {
    count += 1;
    response.writeHead(200, { 'content-length': '7' });
    if (count > 1) return void response.end('content');
    response.write('con', () => response.destroy());
  });
  const fetching = await fetchRig();
  expect((await fetching(`http://${host}/f`)).digest).toBe(digestOf('content'));
  expect(count).toBe(2);
});

test.each([
  ['HTTP_AUTH_TOKEN_127.0.0.1', 's3cret', 'Bearer s3cret'],
  ['HTTP_AUTH_HEADER_127.0.0.1', 'Custom s3cret\n', 'Custom s3cret'],
])('%s is sent to that host, and nowhere else a redirect leads', async (id, value, header) => {
  const other = await serverRig((_, response) => void response.end('content'));
  const first = await serverRig((request, response) => {
    const location = request.url === '/start' ? '/again' : `http://localhost:${new URL(`http://${other.host}`).port}/f`;
    response.writeHead(302, { location }).end();
  });
  const fetching = await fetchRig({ [id]: value });
  await fetching(`http://${first.host}/start`);
  expect(first.asked.map(({ headers }) => headers.authorization)).toEqual([header, header]);
  expect(other.asked.map(({ headers }) => headers.authorization)).toEqual([undefined]);
});

test('user and password of a URL stay with its host, and out of errors', async () => {
  const { asked, host } = await serverRig((request, response) =>
    request.url === '/start'
      ? void response.writeHead(302, { location: '/there' }).end()
      : void response.writeHead(403).end(),
  );
  const fetching = await fetchRig({ [`HTTP_AUTH_TOKEN_${host}`]: 'unused' });
  const failed = fetching(`http://me:pass%40word@${host}/start`);
  await expect(failed).rejects.toMatchObject({ message: `http://${host}/start: invalid response status 403` });
  const basic = `Basic ${Buffer.from('me:pass@word').toString('base64')}`;
  expect(asked.map(({ headers }) => headers.authorization)).toEqual([basic, basic]);
});

test('a Dockerfile may not be larger than one', async () => {
  const { host } = await serverRig((_, response) => void response.end('x'.repeat(11)));
  const fetching = await fetchRig();
  await expect(fetching(`http://${host}/f`, { maxBytes: 10 })).rejects.toMatchObject({
    code: 'http-failed',
    message: expect.stringContaining('larger than 10 bytes: it is no Dockerfile'),
  });
});
