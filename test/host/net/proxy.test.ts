import { expect, test } from 'vitest';
import { proxyFor } from '../../../src/host/net/proxy.ts';

const env = (no_proxy: string) => ({ HTTPS_PROXY: 'http://proxy.corp:3128', http_proxy: 'plain.corp:80', no_proxy });

test.each([
  ['https://registry.example/', '', 'proxy.corp:3128'],
  ['http://registry.example/', '', 'plain.corp'],
  ['https://localhost:5000/', '', undefined],
  ['https://127.0.0.5/', '', undefined],
  ['https://[::1]:5000/', '', undefined],
  ['https://registry.example/', '*', undefined],
  ['https://registry.example/', 'example', undefined],
  ['https://registry.example/', '.example', undefined],
  ['https://registry.example/', '*.example', undefined],
  ['https://otherexample/', 'example', 'proxy.corp:3128'],
  ['https://registry.example:5000/', 'registry.example:5000', undefined],
  ['https://registry.example/', 'registry.example:5000', 'proxy.corp:3128'],
  ['https://registry.example/', 'registry.example:443', undefined],
  ['https://10.1.2.3/', 'a.b, 10.0.0.0/8', undefined],
  ['https://11.1.2.3/', '10.0.0.0/8,fe80::/10', 'proxy.corp:3128'],
  ['https://[fe80::1]/', 'fe80::/10', undefined],
  ['https://10.1.2.3/', '10.0.0.0/99', 'proxy.corp:3128'],
])('%s with no_proxy %j goes through %s', (url, noProxy, proxy) => {
  expect(proxyFor(new URL(url), env(noProxy))?.host).toBe(proxy);
});

test('no variables, empty ones and ones that are no URL mean no proxy', () => {
  for (const https_proxy of [undefined, ' ', 'socks5://x', 'http://'])
    expect(proxyFor(new URL('https://x.example/'), { https_proxy })).toBeUndefined();
});
