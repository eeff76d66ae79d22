import { closeSync, openSync, writeSync } from 'node:fs';
import { openByteMask } from '../../util/byte-mask.ts';
import type { OutputSink } from '../exec/index.ts';
import type { WorkerMessage } from '../protocol.ts';

/** Sends to the front; settled when the message has left. */
export type Send = (message: WorkerMessage) => Promise<void>;

export interface RunOutput {
  readonly onOutput: (stream: Stream) => OutputSink;
  /** Tells the rest. */
  close(): void;
}

type Stream = 'stdout' | 'stderr';

const MAX_IN_FLIGHT = 1 << 20;

export interface RunOutputOptions {
  readonly logFile: string;
  readonly send: Send;
  /** Not told, neither to the log nor to the front. */
  readonly masked: readonly Uint8Array[];
}

/** What a RUN writes: to its log, all of it, and to the front, no faster than that takes it. */
export function openRunOutput(id: string, { logFile, send, masked }: RunOutputOptions): RunOutput {
  const log = openLog(logFile, (message) => void send({ type: 'warning', id, message }));
  let inFlight = 0;
  const tell = (stream: Stream, data: Uint8Array): Promise<void> | undefined => {
    if (data.length === 0) return undefined;
    log.write(data);
    inFlight += data.length;
    const message = { type: 'output', id, stream, data: Buffer.from(data).toString('base64') } as const;
    const sent = send(message).finally(() => {
      inFlight -= data.length;
    });
    return inFlight > MAX_IN_FLIGHT ? sent : undefined;
  };
  const masks = { stdout: openByteMask(masked), stderr: openByteMask(masked) };
  return {
    onOutput: (stream) => (data) => tell(stream, masked.length === 0 ? data : masks[stream].push(data)),
    close() {
      for (const stream of ['stdout', 'stderr'] as const) void tell(stream, masks[stream].end());
      log.close();
    },
  };
}

/** A RUN does not fail for want of room for its log. */
function openLog(path: string, warn: (message: string) => void): { write(data: Uint8Array): void; close(): void } {
  const fd = openSync(path, 'a', 0o600);
  let isWhole = true;
  return {
    write(data) {
      if (!isWhole) return;
      try {
        for (let done = 0; done < data.length; ) done += writeSync(fd, data, done);
      } catch (error) {
        isWhole = false;
        warn(`${path} lacks what the RUN wrote from here on: ${(error as Error).message}`);
      }
    },
    close: () => closeSync(fd),
  };
}
