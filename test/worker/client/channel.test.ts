import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { BuildError } from '../../../src/errors.ts';
import { openChannel } from '../../../src/worker/client/channel.ts';
import type { WorkerMessage, WorkerRequestMessage } from '../../../src/worker/protocol.ts';

/** The worker's end of a channel: what was sent to it, and its word. */
function rig() {
  const child = new EventEmitter();
  const sent: WorkerRequestMessage[] = [];
  const heard: unknown[] = [];
  Object.assign(child, { send: (message: WorkerRequestMessage) => void sent.push(message) });
  const channel = openChannel(child as unknown as ChildProcess, {
    onOutput: (id, stream, data) => heard.push([id, stream, Buffer.from(data).toString()]),
    onWarning: (message) => heard.push(message),
    onNote: (message) => heard.push(message),
  });
  return { channel, sent, heard, say: (message: WorkerMessage) => child.emit('message', message) };
}

test('each call has its own answer, in whatever order they come', async () => {
  const { channel, sent, say } = rig();
  const calls = [channel.call('kill', { id: 'a' }), channel.call('probe', null)];
  const [first = 0, second = 0] = sent.map(({ seq }) => seq);
  say({ type: 'reply', seq: second, reply: 'probed' });
  say({ type: 'reply', seq: first, reply: null });
  say({ type: 'reply', seq: first, reply: 'twice' });
  expect(await Promise.all(calls)).toEqual([null, 'probed']);
});

test('errors are what they were there; a code that is none makes a plain one', async () => {
  const { channel, sent, say } = rig();
  const calls = [channel.call('kill', { id: 'a' }), channel.call('kill', { id: 'b' })];
  say({ type: 'error', seq: sent[0]?.seq ?? 0, error: { code: 'mount-failed', message: 'm', hint: 'h' } });
  say({ type: 'error', seq: sent[1]?.seq ?? 0, error: { code: 'no-such-code', message: 'm' } });
  const [known, unknown] = await Promise.allSettled(calls);
  expect(known).toMatchObject({ reason: { code: 'mount-failed', message: 'm', hint: 'h' } });
  expect(unknown).toMatchObject({ reason: { message: 'm' } });
  expect((unknown as PromiseRejectedResult).reason).not.toBeInstanceOf(BuildError);
});

test('output is bytes again; warnings and notes are told', () => {
  const { heard, say } = rig();
  say({ type: 'output', id: 'a', stream: 'stderr', data: Buffer.from('é').toString('base64') });
  say({ type: 'warning', message: 'careful' });
  say({ type: 'note', message: 'slower' });
  expect(heard).toEqual([['a', 'stderr', 'é'], 'careful', 'slower']);
});

test('once it is closed, those that wait and those that come fail with the reason', async () => {
  const { channel } = rig();
  const waiting = channel.call('probe', null);
  channel.close(new Error('lost'));
  channel.close(new Error('later'));
  await expect(waiting).rejects.toThrow('lost');
  await expect(channel.call('probe', null)).rejects.toThrow('lost');
});
