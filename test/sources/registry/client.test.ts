import { expect, test } from 'vitest';
import type { HttpRequest } from '../../../src/host/net/index.ts';
import { Authorizer } from '../../../src/sources/registry/auth.ts';
import { makeClient } from '../../../src/sources/registry/client.ts';
import { credentialsOf } from '../../../src/sources/registry/credentials.ts';

const { signal } = new AbortController();
const bob = { username: 'bob', password: 'secret' };

test.each([
  ['https://other.example/x', true],
  ['http://other.example/x', false],
])('a challenge after a redirect from https to %s is answered: %s', async (url, isAnswered) => {
  const sent: HttpRequest[] = [];
  const http = {
    request: (request: HttpRequest) => {
      sent.push(request);
      const isLetIn = request.headers?.['authorization'] !== undefined;
      return Promise.resolve({
        status: isLetIn ? 200 : 401,
        headers: isLetIn ? {} : { 'www-authenticate': 'Basic realm="x"' },
        url: sent.length === 1 ? url : request.url,
        body: (async function* () {})(),
        discard: () => Promise.resolve(),
      });
    },
    pause: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const credentials = credentialsOf(new Map([['other.example', bob]]));
  const authorizer = new Authorizer({ http, credentials, now: () => 0 });
  const client = makeClient({ http, config: { registries: {} }, authorizer });
  const repository = { registry: 'front.example', path: 'app' };
  const asking = client.ask({ repository, resource: 'manifests/1', what: 'tag 1', signal });
  if (isAnswered) await expect(asking).resolves.toMatchObject({ status: 200 });
  else await expect(asking).rejects.toMatchObject({ code: 'registry-denied' });
  expect(sent.map((request) => request.headers?.['authorization'] !== undefined)).toEqual(
    isAnswered ? [false, true] : [false],
  );
});
