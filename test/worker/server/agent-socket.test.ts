import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openAgentSocket } from '../../../src/worker/server/agent-socket.ts';

const dir = mkdtempSync(join(tmpdir(), 'agent-'));
const source = join(dir, 'agent');
const agent = createServer({ allowHalfOpen: true }, (socket) => {
  socket.on('error', () => undefined);
  socket.on('data', (data) => socket.write(`heard ${data.toString()}`));
  socket.on('end', () => socket.end(' bye'));
});

beforeAll(async () => {
  agent.listen(source);
  await once(agent, 'listening');
});
afterAll(() => {
  agent.close();
  rmSync(dir, { recursive: true });
});

async function textOf(socket: Socket): Promise<string> {
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text;
}

test('what is said is heard by the agent and its answer comes back, also below a long path', async () => {
  const deep = join(dir, 'x'.repeat(100));
  mkdirSync(deep);
  await using opened = await openAgentSocket(source, deep);
  expect(opened.path.length).toBeGreaterThan(107);
  const near = await openAgentSocket(source, dir);
  const talks = ['one', 'two'].map((word) => {
    const socket = connect({ path: near.path, allowHalfOpen: true });
    socket.end(word);
    return textOf(socket);
  });
  expect(await Promise.all(talks)).toEqual(['heard one bye', 'heard two bye']);
  await near[Symbol.asyncDispose]();
});

test('its end is the end of all connections', async () => {
  const opened = await openAgentSocket(source, dir);
  const socket = connect(opened.path);
  await once(socket, 'connect');
  socket.write('x');
  await once(socket, 'data');
  const closed = once(socket, 'close');
  await opened[Symbol.asyncDispose]();
  await closed;
  await expect(once(connect(opened.path), 'connect')).rejects.toThrow();
});

test('where nobody listens a connection ends at once', async () => {
  await using opened = await openAgentSocket(join(dir, 'none'), dir);
  const socket = connect(opened.path);
  socket.on('error', () => undefined);
  await once(socket, 'close');
});
