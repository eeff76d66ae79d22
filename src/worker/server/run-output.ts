import { closeSync, openSync, writeSync } from 'node:fs';
import type { OutputSink } from '../exec/index.ts';
import type { WorkerMessage } from '../protocol.ts';

/** Sends to the front; settled when the message has left. */
export type Send = (message: WorkerMessage) => Promise<void>;

export interface RunOutput {
  readonly onOutput: (stream: 'stdout' | 'stderr') => OutputSink;
  close(): void;
}

const MAX_IN_FLIGHT = 1 << 20;

/** What a RUN writes: to its log, all of it, and to the front, no faster than that takes it. */
export function openRunOutput(id: string, { logFile, send }: { logFile: string; send: Send }): RunOutput {
  const log = openSync(logFile, 'a', 0o600);
  let inFlight = 0;
  const onOutput = (stream: 'stdout' | 'stderr'): OutputSink => {
    return (data) => {
      for (let done = 0; done < data.length; ) done += writeSync(log, data, done);
      inFlight += data.length;
      const message = { type: 'output', id, stream, data: Buffer.from(data).toString('base64') } as const;
      const sent = send(message).finally(() => {
        inFlight -= data.length;
      });
      return inFlight > MAX_IN_FLIGHT ? sent : undefined;
    };
  };
  return { onOutput, close: () => closeSync(log) };
}
