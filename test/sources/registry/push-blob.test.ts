import { expect, test } from 'vitest';
import { digestOf } from '../../../cache/index.ts';
import { pushBlobs } from '../../../src/sources/registry/push-blob.ts';

const bytes = Buffer.from('layer');
const blob = { digest: digestOf(bytes), size: bytes.length, open: () => (async function* () {})() };
const { signal } = new AbortController();

test.each([
  ['https://registry.example', 'http://registry.example/up/1?a=b', 'https://registry.example/up/1?a=b'],
  ['https://registry.example:5000', 'http://registry.example:5000/up/1', 'https://registry.example:5000/up/1'],
  ['https://registry.example', '/up/1', 'https://registry.example/up/1'],
  ['https://registry.example', 'http://storage.example/up/1', 'http://storage.example/up/1'],
  ['http://registry.example', 'https://registry.example/up/1', 'https://registry.example/up/1'],
  ['http://127.0.0.1:5000', 'http://127.0.0.1:5000/up/1', 'http://127.0.0.1:5000/up/1'],
])('an upload that began at %s and is sent to %s goes to %s', async (base, location, wanted) => {
  const asked: string[] = [];
  const repository = { registry: 'registry.example', path: 'app' };
  const client = {
    ask: (question: { method?: string | undefined; resource: string }) => {
      asked.push(question.resource);
      const isThere = asked.length > 3;
      return Promise.resolve({
        status: question.method === 'HEAD' ? (isThere ? 200 : 404) : 202,
        headers: question.method === 'POST' ? { location } : {},
        url: `${base}/v2/app/${question.resource}`,
        body: (async function* () {})(),
        discard: () => Promise.resolve(),
      });
    },
    askBytes: () => Promise.reject(new Error('nothing is read')),
    pause: () => Promise.resolve(),
  };
  await pushBlobs({ client, repository, signal, sleep: () => Promise.resolve() }, [blob]);
  const separator = wanted.includes('?') ? '&' : '?';
  expect(asked[2]).toBe(`${wanted}${separator}digest=${encodeURIComponent(blob.digest)}`);
});
