import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { BuildError } from '../../src/errors.ts';
import { openAgents } from '../../src/session/ssh-agents.ts';
import { keygen } from '../rig/ssh-keys.ts';
import { sessionRig } from './rig.ts';

async function agentsRig() {
  const { dir, root } = await sessionRig();
  const listen = async (name: string): Promise<string> => {
    const server = createServer().listen(join(dir, name));
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    return join(dir, name);
  };
  const failure = async (...paths: readonly string[]): Promise<BuildError> => {
    const error: unknown = await openAgents(new Map([['default', paths]]), root).catch((thrown: unknown) => thrown);
    if (!(error instanceof BuildError)) throw new Error('this must fail', { cause: error });
    return error;
  };
  return { dir, root, listen, failure };
}

test('the socket of an agent is taken as it is; for keys there is one below tmp, until the end', async () => {
  const { dir, root, listen } = await agentsRig();
  const socket = await listen('socket');
  const key = keygen(dir, ['-t', 'ed25519']);
  const agents = await openAgents(
    new Map([
      ['default', [socket]],
      ['keys', [key.path]],
    ]),
    root,
  );
  expect([agents.path('default'), agents.shortPath('default')]).toEqual([socket, socket]);
  expect([agents.path('other'), agents.shortPath('other')]).toEqual([undefined, undefined]);
  const path = agents.path('keys') ?? '';
  expect(path.startsWith(root.tempDir)).toBe(true);
  expect(statSync(path).isSocket()).toBe(true);
  await agents[Symbol.asyncDispose]();
  expect(existsSync(path)).toBe(false);
  expect(existsSync(socket)).toBe(true);
});

test('a key may come out of a pipe, and there may be anything behind it', async () => {
  const { dir, root } = await agentsRig();
  const key = keygen(dir, ['-t', 'ed25519']);
  const pipe = join(dir, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const writer = spawn('sh', ['-c', `(cat ${key.path}; head -c 1000000 /dev/zero) > ${pipe}`], { stdio: 'ignore' });
  await using agents = await openAgents(new Map([['default', [pipe]]]), root);
  expect(agents.path('default')).toBeDefined();
  await once(writer, 'close');
});

describe('what is no agent', () => {
  test.each([
    [['gone'], 'gone is not there', 'ssh-add'],
    [['socket/below'], 'socket/below cannot be read: ENOTDIR', 'may read'],
    [['directory'], 'directory is a directory', 'private key'],
    [['socket', 'other'], 'only single socket allowed', 'each further id'],
    [['socket', 'key'], 'invalid combination of keys and sockets', 'each further id'],
    [['key', 'socket'], 'invalid combination of keys and sockets', 'each further id'],
    [[], 'names neither an agent nor a key', 'ssh-add'],
  ])('%j', async (names, what, hint) => {
    const { dir, listen, failure } = await agentsRig();
    await listen('socket');
    await listen('other');
    mkdirSync(join(dir, 'directory'));
    keygen(dir, ['-t', 'ed25519'], 'key');
    const error = await failure(...names.map((name) => join(dir, name)));
    expect(error.code).toBe('agent-unusable');
    expect(error.message.replace(`${dir}/`, '')).toBe(`--ssh default: ${what}`);
    expect(error.hint).toContain(hint);
  });
});

describe('what is no key', () => {
  test.each([
    ['text', 'nothing of the kind', 'holds no private key', 'as ssh-keygen writes it'],
    ['key.pub', 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI a@b', 'holds a public key', 'name its private key: DIR/key'],
    ['big', `${' '.repeat(100 * 1024)}-----BEGIN PRIVATE KEY-----`, 'holds no private key', 'as ssh-keygen writes it'],
    [
      'torn',
      '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----',
      'holds a private key that is damaged',
      'again',
    ],
  ])('%s', async (name, text, what, hint) => {
    const { dir, failure } = await agentsRig();
    writeFileSync(join(dir, name), text);
    const error = await failure(join(dir, name));
    expect(error.code).toBe('ssh-key-unusable');
    expect(error.message).toBe(`--ssh default: ${join(dir, name)} ${what}`);
    expect(error.hint?.replace(dir, 'DIR')).toContain(hint);
    expect(error.cause).toBeUndefined();
  });

  test('one with a passphrase, also behind one without', async () => {
    const { dir, failure } = await agentsRig();
    const plain = keygen(dir, ['-t', 'ed25519'], 'plain');
    const { path } = keygen(dir, ['-t', 'ed25519', '-N', 'a passphrase'], 'encrypted');
    expect(await failure(plain.path, path)).toMatchObject({
      code: 'ssh-key-unusable',
      message: `--ssh default: ${path} is passphrase protected`,
      hint: expect.stringContaining(`ssh-add ${path}`),
    });
  });
});
