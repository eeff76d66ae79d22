import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { HttpError, openHttp } from '../../../src/host/net/index.ts';

const signal = new AbortController().signal;
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

test('gives status, headers and body', async () => {
  const url = await serve((request, response) =>
    response.writeHead(203, { 'x-seen': request.headers['user-agent'] }).end('hello'),
  );
  await using http = open();
  const response = await http.request({ url, signal });
  expect([response.status, response.headers['x-seen'], await text(response.body)]).toEqual([203, 'test/1', 'hello']);
});

test('a body that breaks before it is read says so to its reader', async () => {
  let closed: () => void = () => undefined;
  const gone = new Promise<void>((resolve) => {
    closed = resolve;
  });
  const url = await serve((_, response) => {
    response.once('close', closed).writeHead(200, { 'content-length': '7' });
    response.write('con', () => response.destroy());
  });
  await using http = open();
  const response = await http.request({ url, signal });
  await gone;
  await new Promise((resolve) => setImmediate(resolve));
  await expect(text(response.body)).rejects.toMatchObject({ failure: 'reset' });
});

test('a redirect whose body drips is not waited for', { timeout: 4000 }, async () => {
  const url = await serve((request, response) => {
    if (request.url === '/there') {
      response.end('there');
      return;
    }
    response.writeHead(307, { location: '/there' });
    const drip = setInterval(() => response.write('.'), 50);
    response.once('close', () => clearInterval(drip));
  });
  await using http = open();
  expect(await text((await http.request({ url, signal })).body)).toBe('there');
});

test('another host gets no Authorization, the same host does', async () => {
  const seen: (string | undefined)[] = [];
  const other = await serve((request, response) => {
    seen.push(request.headers.authorization);
    response.end('there');
  });
  const first = await serve((request, response) => {
    seen.push(request.headers.authorization);
    const location = request.url === '/here' ? other : '/here';
    response.writeHead(307, { location }).end();
  });
  await using http = open();
  const response = await http.request({ url: `${first}/start`, headers: { Authorization: 'Basic x' }, signal });
  expect(await text(response.body)).toBe('there');
  expect(seen).toEqual(['Basic x', 'Basic x', undefined]);
});

test('a redirect loop ends', async () => {
  const url = await serve((_, response) => response.writeHead(302, { location: '/' }).end());
  await using http = open();
  await expect(http.request({ url, signal, maxRedirects: 3 })).rejects.toMatchObject({ failure: 'redirect' });
});

test('429 and 5xx are asked again, waiting as Retry-After says', async () => {
  const waits: number[] = [];
  let calls = 0;
  const url = await serve((_, response) => {
    calls++;
    if (calls === 1) response.writeHead(429, { 'retry-after': '7' }).end();
    else if (calls === 2) response.writeHead(503).end('busy');
    else response.end('at last');
  });
  await using http = open(waits);
  const response = await http.request({ url, signal });
  expect([await text(response.body), waits]).toEqual(['at last', [7000, 1000]]);
});

test('gives up after four attempts, and passes on an answer that asks for a long pause', async () => {
  const waits: number[] = [];
  const busy = await serve((_, response) => response.writeHead(500).end('no'));
  const slow = await serve((_, response) => response.writeHead(429, { 'retry-after': '3600' }).end('later'));
  await using http = open(waits);
  expect((await http.request({ url: busy, signal })).status).toBe(500);
  expect(waits).toEqual([250, 1000, 4000]);
  expect((await http.request({ url: slow, signal })).status).toBe(429);
  expect(waits).toHaveLength(3);
});

test('a POST is never repeated', async () => {
  let calls = 0;
  const url = await serve((_, response) => {
    calls++;
    response.writeHead(503).end();
  });
  await using http = open();
  await http.request({ url, method: 'POST', body: Buffer.from('x'), signal });
  expect(calls).toBe(1);
});

test('a connection that breaks is tried again', async () => {
  let calls = 0;
  const url = await serve((request, response) => {
    if (++calls < 3) request.socket.destroy();
    else response.end('ok');
  });
  await using http = open();
  expect(await text((await http.request({ url, signal })).body)).toBe('ok');
});

test.each([
  ['http://127.0.0.1:1/', 'refused', /refused the connection.*ECONNREFUSED/],
  ['http://no-such-host.invalid/', 'dns', /no-such-host\.invalid/],
  ['ftp://example.org/', 'url', /not an http/],
])('%s fails as %s, in words', async (url, failure, words) => {
  await using http = open();
  const error = await http.request({ url, signal }).then(undefined, (reason: unknown) => reason);
  expect(error).toBeInstanceOf(HttpError);
  expect((error as HttpError).failure).toBe(failure);
  expect((error as HttpError).message).toMatch(words);
});

test('https against a plain-http server says so', async () => {
  const url = await serve((_, response) => response.end());
  await using http = open();
  await expect(http.request({ url: url.replace('http:', 'https:'), signal })).rejects.toMatchObject({ failure: 'tls' });
});

test('a body that is cut throws an HttpError', async () => {
  const url = await serve((_, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('part', () => response.destroy());
  });
  await using http = open();
  const response = await http.request({ url, signal });
  await expect(text(response.body)).rejects.toBeInstanceOf(HttpError);
});

test('aborting rejects with the reason', async () => {
  const url = await serve(() => undefined);
  const stop = new AbortController();
  await using http = open();
  const request = http.request({ url, signal: stop.signal });
  setImmediate(() => stop.abort(new Error('enough')));
  await expect(request).rejects.toThrow('enough');
});

test('plain http is forwarded by the proxy, https is tunnelled, hosts of no_proxy are asked directly', async () => {
  const seen: string[] = [];
  const proxy = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    response.end('through');
  });
  proxy.on('connect', (request, client) => {
    seen.push(`CONNECT ${request.url}`);
    client.end('HTTP/1.1 403 Forbidden\r\n\r\n');
  });
  const proxyUrl = (await listen(proxy)).replace('http://', 'http://bob:pass-word@');
  const proxyEnv = { HTTP_PROXY: proxyUrl, https_proxy: proxyUrl, no_proxy: 'direct.invalid' };
  await using http = openHttp({ proxyEnv, userAgent: 'test/1', sleep: async () => undefined });
  const response = await http.request({ url: 'http://far.invalid/x', signal });
  expect(await text(response.body)).toBe('through');
  const error = await http.request({ url: 'https://far.invalid/x', signal }).catch((reason: unknown) => reason);
  expect((error as Error).message).toMatch(/proxy/);
  expect((error as Error).message).not.toContain('pass-word');
  expect(seen).toEqual(['GET http://far.invalid/x', 'CONNECT far.invalid:443']);
  await expect(http.request({ url: 'http://direct.invalid/', signal })).rejects.toMatchObject({ failure: 'dns' });
});

function open(waits: number[] = []) {
  return openHttp({
    proxyEnv: {},
    userAgent: 'test/1',
    sleep: async (ms) => {
      waits.push(ms);
    },
  });
}

function serve(listener: RequestListener): Promise<string> {
  return listen(createServer(listener));
}

async function listen(server: Server): Promise<string> {
  servers.push(server);
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function text(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
