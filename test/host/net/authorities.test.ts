import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { machineAuthorities } from '../../../src/host/net/authorities.ts';
import { openHttp } from '../../../src/host/net/index.ts';

const dir = mkdtempSync(join(tmpdir(), 'authorities-'));
const certificate = join(dir, 'cert.pem');
const key = join(dir, 'key.pem');
const { signal } = new AbortController();

beforeAll(() => {
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-days', '2'];
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  execFileSync('openssl', ['req', ...kind, ...subject, '-keyout', key, '-out', certificate], { stdio: 'ignore' });
  writeFileSync(join(dir, 'not-a-certificate'), 'hello');
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

test.each([
  ['SSL_CERT_FILE', () => certificate],
  ['SSL_CERT_DIR', () => `/nowhere:${dir}`],
  ['NODE_EXTRA_CA_CERTS', () => certificate],
])('what $%s names is trusted', async (name, value) => {
  const url = await server();
  await using http = openHttp({ proxyEnv: { [name]: value() }, userAgent: 'test/1', sleep: () => Promise.resolve() });
  for (const path of ['a', 'b']) expect((await http.request({ url: `${url}/${path}`, signal })).status).toBe(200);
});

test('the authority of the options counts beside those of the machine', async () => {
  const url = await server();
  const ca = readFileSync(certificate, 'utf8');
  await using http = openHttp({ ca, proxyEnv: { SSL_CERT_FILE: '/nowhere' }, userAgent: 'test/1' });
  expect((await http.request({ url, signal })).status).toBe(200);
});

test('a certificate that nobody vouches for is not trusted', async () => {
  const url = await server();
  await using http = openHttp({ proxyEnv: {}, userAgent: 'test/1', sleep: () => Promise.resolve() });
  for (let attempt = 0; attempt < 2; attempt++)
    await expect(http.request({ url, signal })).rejects.toMatchObject({ failure: 'tls' });
});

test('what cannot be read, or is no certificate, is left out', () => {
  expect(machineAuthorities({ SSL_CERT_FILE: join(dir, 'not-a-certificate'), SSL_CERT_DIR: '/nowhere' })).toEqual([]);
  expect(machineAuthorities({ SSL_CERT_FILE: certificate, NODE_EXTRA_CA_CERTS: certificate })).toHaveLength(1);
});

async function server(): Promise<string> {
  const found = createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, (_request, response) =>
    response.end('hello'),
  );
  await new Promise<void>((ready) => found.listen(0, 'localhost', ready));
  onTestFinished(() => {
    found.closeAllConnections();
    found.close();
  });
  return `https://localhost:${(found.address() as AddressInfo).port}`;
}
