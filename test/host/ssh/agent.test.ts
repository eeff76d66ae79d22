import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { answering, FrameReader, frame, MAX_FRAME_BYTES } from '../../../src/host/ssh/frames.ts';
import { forwardAgent, parseKeyFile, type ServedSocket, serveKeys } from '../../../src/host/ssh/index.ts';
import { wireString, wireUint32 } from '../../../src/host/ssh/wire.ts';
import { keygen, testDir } from '../../rig/ssh-keys.ts';

const FAILURE = Buffer.of(0, 0, 0, 1, 5);
const LIST = frame(Buffer.of(11));

function held(served: ServedSocket): ServedSocket {
  onTestFinished(() => served[Symbol.asyncDispose]());
  return served;
}

async function agentOf(dir: string, ...texts: readonly string[]): Promise<ServedSocket> {
  return held(await serveKeys(texts.map(parseKeyFile), join(dir, 'agent')));
}

/** Says this and hears until the other side ends. */
async function heard(path: string, said: Uint8Array): Promise<Buffer> {
  const socket = connect({ path, allowHalfOpen: true });
  socket.end(said);
  const pieces: Buffer[] = [];
  for await (const piece of socket) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

const sign = (publicKey: Uint8Array, flags = 0, more = '') =>
  frame(
    Buffer.concat([Buffer.of(13), wireString(publicKey), wireString('data'), wireUint32(flags), Buffer.from(more)]),
  );

/** What a program prints that asks this agent, which is of this process. */
async function printed(socket: string, program: string, ...argv: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program, argv, { env: { ...process.env, SSH_AUTH_SOCK: socket } });
  return stdout;
}

describe('an agent for keys', () => {
  test('ssh-add lists them, in the order given and without their comments', async () => {
    const dir = testDir();
    const keys = [keygen(dir, ['-t', 'ed25519']), keygen(dir, ['-t', 'ecdsa'])];
    const { path } = await agentOf(dir, ...keys.map(({ text }) => text));
    await using forwarded = await forwardAgent(path, join(dir, 'forwarded'));
    for (const socket of [path, forwarded.path])
      expect(await printed(socket, 'ssh-add', '-L')).toBe(keys.map(({ publicLine }) => `${publicLine} \n`).join(''));
  });

  test.each(['ed25519', 'ecdsa', 'rsa'])('what it signs with %s ssh-keygen accepts', async (kind) => {
    const dir = testDir();
    const key = keygen(dir, ['-t', kind]);
    const { path } = await agentOf(dir, key.text);
    await using forwarded = await forwardAgent(path, join(dir, 'forwarded'));
    writeFileSync(join(dir, 'text'), 'text');
    rmSync(key.path);
    await printed(forwarded.path, 'ssh-keygen', '-Y', 'sign', '-n', 'file', '-f', `${key.path}.pub`, join(dir, 'text'));
    const check = ['-Y', 'check-novalidate', '-n', 'file', '-s', join(dir, 'text.sig')];
    execFileSync('ssh-keygen', check, { input: 'text', stdio: ['pipe', 'ignore', 'pipe'] });
  });

  test('only its user enters its directory; its end is the end of all connections', async () => {
    const dir = testDir();
    const agent = await serveKeys([], join(dir, 'agent'));
    expect(statSync(join(dir, 'agent')).mode & 0o777).toBe(0o700);
    await expect(serveKeys([], join(dir, 'agent'))).rejects.toMatchObject({ code: 'EEXIST' });
    const socket = connect(agent.path);
    await once(socket, 'connect');
    socket.write(LIST);
    await once(socket, 'data');
    const closed = once(socket, 'close');
    await agent[Symbol.asyncDispose]();
    await closed;
    expect(existsSync(agent.path)).toBe(false);
  });

  test('a long path has a short name for programs', async () => {
    const deep = join(testDir(), 'x'.repeat(100));
    mkdirSync(deep);
    const agent = held(await serveKeys([], join(deep, 'agent')));
    expect(agent.path.length).toBeGreaterThan(107);
    expect(await heard(agent.shortPath, LIST)).toEqual(frame(Buffer.of(12, 0, 0, 0, 0)));
    const forwarded = held(await forwardAgent(agent.path, join(deep, 'forwarded')));
    expect(await heard(forwarded.shortPath, LIST)).toEqual(frame(Buffer.of(12, 0, 0, 0, 0)));
  });

  test.each<readonly [string, Buffer]>([
    ['a list with more behind it', frame(Buffer.of(11, 0))],
    ['nothing of a signature', frame(Buffer.of(13))],
    ['a field that is longer than the request', frame(Buffer.of(13, 255, 255, 255, 255))],
    ['a key that it does not have', sign(Buffer.from('key'))],
    ...[1, 9, 17, 18, 19, 20, 22, 23, 25, 26, 27, 255].map(
      (kind) => [`request ${kind}`, frame(Buffer.of(kind))] as const,
    ),
  ])('%s fails, and the connection goes on', async (_, request) => {
    const dir = testDir();
    const key = keygen(dir, ['-t', 'ed25519']);
    const { path } = await agentOf(dir, key.text);
    const [, base64 = ''] = key.publicLine.split(' ');
    const signed = await heard(path, Buffer.concat([request, sign(Buffer.from(base64, 'base64'))]));
    expect(signed.subarray(0, FAILURE.length)).toEqual(FAILURE);
    expect(signed[FAILURE.length + 4]).toBe(14);
    expect(await heard(path, sign(Buffer.from(base64, 'base64'), 0, 'more'))).toEqual(FAILURE);
  });

  test.each([
    ['an empty message', Buffer.alloc(4)],
    ['a message that is too long', wireUint32(MAX_FRAME_BYTES + 1)],
    ['half a message', Buffer.of(0, 0, 0, 9, 11)],
    ['half a length', Buffer.of(0)],
    ['another protocol', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
  ])('%s ends the connection, without an answer', async (_, said) => {
    const { path } = await agentOf(testDir());
    expect(await heard(path, said)).toHaveLength(0);
    expect(await heard(path, LIST)).not.toHaveLength(0);
  });

  test('whoever goes away in the middle harms nobody', async () => {
    const { path } = await agentOf(testDir());
    const sockets = Array.from({ length: 50 }, () => connect(path));
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    for (const socket of sockets) socket.write(Buffer.concat(Array.from({ length: 100 }, () => LIST)));
    for (const socket of sockets) socket.destroy();
    expect(await heard(path, LIST)).not.toHaveLength(0);
  });
});

describe('an agent behind a socket', () => {
  /** Answers everything with its own kind, and tells what it was asked. */
  async function fakeAgent(dir: string): Promise<{ path: string; kinds: number[]; sockets: Socket[] }> {
    const path = join(dir, 'fake');
    const kinds: number[] = [];
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      sockets.push(socket);
      const reader = new FrameReader();
      socket.on('error', () => undefined);
      socket.on('data', (piece) => {
        for (const request of reader.take(piece)) {
          kinds.push(request[0] ?? 0);
          socket.write(frame(Buffer.of(request[0] ?? 0, 7)));
        }
      });
    });
    server.listen(path);
    await once(server, 'listening');
    onTestFinished(() => {
      server.close();
      for (const socket of sockets) socket.destroy();
    });
    return { path, kinds, sockets };
  }

  test('it is asked for its keys and for signatures, and never changed', async () => {
    const dir = testDir();
    const fake = await fakeAgent(dir);
    const forwarded = held(await forwardAgent(fake.path, join(dir, 'forwarded')));
    const kinds = Array.from({ length: 255 }, (_, kind) => kind + 1);
    const answers = await heard(forwarded.path, Buffer.concat(kinds.map((kind) => frame(Buffer.of(kind, 1)))));
    expect(fake.kinds).toEqual([11, 13]);
    const reader = new FrameReader();
    expect([...reader.take(answers)].map(([answer]) => answer)).toEqual(
      kinds.map((kind) => (kind === 11 || kind === 13 ? kind : 5)),
    );
  });

  test('where nobody listens a connection ends at once', async () => {
    const dir = testDir();
    for (const path of [join(dir, 'none'), join(dir, 'x'.repeat(120), 'none')]) {
      await using opened = await forwardAgent(path, join(dir, `forwarded${path.length}`));
      const socket = connect(opened.path).on('error', () => undefined);
      await once(socket, 'close');
    }
  });

  test('when it ends, the next request ends the connection', async () => {
    const dir = testDir();
    const fake = await fakeAgent(dir);
    const forwarded = held(await forwardAgent(fake.path, join(dir, 'forwarded')));
    const socket = connect(forwarded.path).on('error', () => undefined);
    socket.write(LIST);
    await once(socket, 'data');
    for (const one of fake.sockets) one.destroy();
    socket.resume().write(LIST);
    await once(socket, 'close');
  });
});

describe('messages', () => {
  const message = fc.uint8Array({ minLength: 1, maxLength: 300 });

  test('come out as they went in, however they are cut up', () => {
    fc.assert(
      fc.property(fc.array(message), fc.array(fc.integer({ min: 1, max: 400 })), (messages, cuts) => {
        const bytes = Buffer.concat(messages.map(frame));
        const reader = new FrameReader();
        const read: Buffer[] = [];
        let at = 0;
        for (const cut of [...cuts, bytes.length]) {
          read.push(...reader.take(bytes.subarray(at, at + cut)));
          at += cut;
        }
        expect(read).toEqual(messages.map((one) => Buffer.from(one)));
      }),
    );
  });

  test('a hundred thousand pieces of a byte each', () => {
    const reader = new FrameReader();
    const bytes = frame(Buffer.alloc(MAX_FRAME_BYTES, 1));
    const read = [...bytes].flatMap((_, at) => [...reader.take(bytes.subarray(at, at + 1))]);
    expect(read).toHaveLength(1);
  });

  test('whatever comes, there are answers or an end', async () => {
    const dir = testDir();
    const { path } = await agentOf(dir, keygen(dir, ['-t', 'ed25519']).text);
    const forwarded = held(await forwardAgent(path, join(dir, 'forwarded')));
    const kinds = fc.oneof(fc.constantFrom(11, 13, 17, 27), fc.integer({ min: 0, max: 255 }));
    const request = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.tuple(kinds, fc.uint8Array({ maxLength: 40 })).map(([kind, rest]) => frame(Buffer.of(kind, ...rest))),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(request, { maxLength: 5 }), async (requests) => {
        for (const socket of [path, forwarded.path]) {
          const answers = [...new FrameReader().take(await heard(socket, Buffer.concat(requests)))];
          for (const [kind] of answers) expect([5, 12]).toContain(kind);
        }
      }),
      { numRuns: 200 },
    );
    expect(await heard(forwarded.path, LIST)).not.toHaveLength(0);
  });

  test('answers are in the order of their requests', async () => {
    const waits = [20, 0, 10];
    const stream = answering(async (request) => {
      await new Promise((resolve) => setTimeout(resolve, waits[request[0] ?? 0]));
      return request;
    });
    stream.end(Buffer.concat([0, 1, 2].map((kind) => frame(Buffer.of(kind)))));
    const pieces: Buffer[] = [];
    for await (const piece of stream) pieces.push(piece as Buffer);
    expect(Buffer.concat(pieces)).toEqual(Buffer.concat([0, 1, 2].map((kind) => frame(Buffer.of(kind)))));
  });
});
