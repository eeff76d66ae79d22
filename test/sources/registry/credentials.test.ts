import { expect, test } from 'vitest';
import { credentialsIn, credentialsOf, parseAuthFile } from '../../../src/sources/registry/index.ts';

const auth = (user: string): { auth: string } => ({ auth: Buffer.from(`${user}:pass:word`).toString('base64') });
const now = () => 0;
const noHelper = { askHelper: () => Promise.reject(new Error('nobody asks it')), now };

test.each([
  ['registry.example', 'team/app', 'host'],
  ['registry.example', 'other', 'host'],
  ['registry.example', 'special/app', 'path'],
  ['registry.example', 'specially', 'host'],
  ['docker.io', 'library/node', 'hub'],
  ['index.docker.io', 'library/node', 'hub'],
  ['localhost:5000', 'app', 'local'],
  ['localhost', 'app', undefined],
])('%s/%s is asked as %s', async (host, path, username) => {
  const file = parseAuthFile(
    JSON.stringify({
      auths: {
        'registry.example': auth('host'),
        'registry.example/special': auth('path'),
        'https://index.docker.io/v1/': auth('hub'),
        'http://localhost:5000': auth('local'),
        'empty.example': {},
      },
    }),
    'config.json',
  );
  const { credential } = await credentialsIn([file], noHelper).find(host, path);
  expect(credential).toEqual(username === undefined ? undefined : { username, password: 'pass:word' });
});

test("a host's helper comes before the store, the store before what is written, the first file before the next", async () => {
  const asked: string[] = [];
  const files = [
    parseAuthFile(JSON.stringify({ credHelpers: { 'a.example': 'own' }, credsStore: 'all' }), 'one'),
    parseAuthFile(JSON.stringify({ auths: { 'b.example': auth('written'), 'docker.io': auth('hub') } }), 'two'),
  ];
  const askHelper = (name: string, server: string) => {
    asked.push(`${name} ${server}`);
    return Promise.resolve(name === 'own' ? { username: 'own', password: 'x' } : undefined);
  };
  const source = credentialsIn(files, { askHelper, now });
  const users = [];
  for (const host of ['a.example', 'b.example', 'b.example', 'docker.io'])
    users.push((await source.find(host, 'app')).credential?.username);
  expect(users).toEqual(['own', 'written', 'written', 'hub']);
  expect(asked).toEqual(['own a.example', 'all b.example', 'all https://index.docker.io/v1/']);
});

test('a helper that fails is told about, and the rest still counts', async () => {
  const file = parseAuthFile(JSON.stringify({ credsStore: 'desktop', auths: { 'b.example': auth('bob') } }), 'c.json');
  const source = credentialsIn([file], { askHelper: () => Promise.reject(new Error('it is not installed')), now });
  expect(await source.find('a.example', 'app')).toEqual({ from: 'docker-credential-desktop: it is not installed' });
  expect((await source.find('b.example', 'app')).credential?.username).toBe('bob');
});

test('what a helper said counts for ten minutes', async () => {
  let minutes = 0;
  let asked = 0;
  const askHelper = () => Promise.resolve({ username: 'aws', password: String(++asked) });
  const file = parseAuthFile('{"credsStore":"ecr-login"}', 'c.json');
  const source = credentialsIn([file], { askHelper, now: () => minutes * 60_000 });
  const passwords = [];
  for (minutes of [0, 9, 11, 12]) passwords.push((await source.find('a.example', 'app')).credential?.password);
  expect(passwords).toEqual(['1', '1', '2', '2']);
});

test.each([
  [{ identitytoken: 't' }, { identityToken: 't' }],
  [{ registrytoken: 't', auth: '' }, { registryToken: 't' }],
  [{ identitytoken: '' }, undefined],
])('%j needs no user', async (entry, wanted) => {
  const file = parseAuthFile(JSON.stringify({ auths: { 'a.example': entry } }), 'c');
  const { credential } = await credentialsIn([file], noHelper).find('a.example', 'app');
  expect(credential).toEqual(wanted === undefined ? undefined : { username: '', password: '', ...wanted });
});

test('an identity token is kept as one', async () => {
  const file = parseAuthFile(JSON.stringify({ auths: { 'a.example': { ...auth('bob'), identitytoken: 't' } } }), 'c');
  expect((await credentialsIn([file], noHelper).find('a.example', 'app')).credential?.identityToken).toBe('t');
});

test.each(['{"credsStore":"../../bin/sh"}', '{"credHelpers":{"a":"x/y"}}', '[]', '{"auths": secret'])(
  '%s is refused without quoting it',
  (text) => {
    const parse = (): unknown => parseAuthFile(text, 'config.json');
    expect(parse).toThrow(expect.objectContaining({ code: 'config-invalid' }));
    expect(parse).not.toThrow(/secret/);
  },
);

test('a map of credentials is a source', async () => {
  const bob = { username: 'bob', password: 'x' };
  expect(await credentialsOf(new Map([['a.example', bob]])).find('a.example', 'app')).toEqual({ credential: bob });
});
