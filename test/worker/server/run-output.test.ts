import { expect, test } from 'vitest';
import type { WorkerMessage } from '../../../src/worker/protocol.ts';
import { openRunOutput } from '../../../src/worker/server/run-output.ts';

test('a full disk ends the log, once told, and not what the RUN writes', () => {
  const told: WorkerMessage[] = [];
  const send = (message: WorkerMessage) => Promise.resolve(void told.push(message));
  const output = openRunOutput('r', { logFile: '/dev/full', send, masked: [] });
  const stdout = output.onOutput('stdout');
  for (const text of ['one', 'two']) void stdout(Buffer.from(text));
  output.close();
  expect(told.map((message) => (message.type === 'output' ? atob(message.data) : message))).toEqual([
    {
      type: 'warning',
      id: 'r',
      message: '/dev/full lacks what the RUN wrote from here on: ENOSPC: no space left on device, write',
    },
    'one',
    'two',
  ]);
});
