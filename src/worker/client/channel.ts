import type { ChildProcess } from 'node:child_process';
import { BuildError, CODES, type ErrorCode } from '../../errors.ts';
import type { WireError, WorkerCallName, WorkerCalls, WorkerMessage, WorkerRequestMessage } from '../protocol.ts';

export interface ChannelEvents {
  readonly onOutput: (id: string, stream: 'stdout' | 'stderr', data: Uint8Array) => void;
  readonly onWarning: (message: string) => void;
  readonly onNote: (message: string) => void;
}

export interface Channel {
  call<Name extends WorkerCallName>(
    name: Name,
    request: WorkerCalls[Name]['request'],
  ): Promise<WorkerCalls[Name]['reply']>;
  /** Calls that wait, and later ones, fail with this. */
  close(error: Error): void;
}

interface Waiting {
  readonly resolve: (reply: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Calls to the worker, over the IPC channel that Node gave it. */
export function openChannel(child: ChildProcess, events: ChannelEvents): Channel {
  const waiting = new Map<number, Waiting>();
  let seq = 0;
  let closed: Error | undefined;
  const settle = (id: number, how: (one: Waiting) => void): void => {
    const one = waiting.get(id);
    waiting.delete(id);
    if (one !== undefined) how(one);
  };
  child.on('message', (raw) => {
    const message = raw as WorkerMessage;
    if (message.type === 'output') events.onOutput(message.id, message.stream, Buffer.from(message.data, 'base64'));
    else if (message.type === 'warning') events.onWarning(message.message);
    else if (message.type === 'note') events.onNote(message.message);
    else if (message.type === 'reply') settle(message.seq, ({ resolve }) => resolve(message.reply));
    else settle(message.seq, ({ reject }) => reject(errorOf(message.error)));
  });
  return {
    call(name, request) {
      if (closed !== undefined) return Promise.reject(closed);
      const message: WorkerRequestMessage = { seq: ++seq, call: name, request };
      return new Promise((resolve, reject) => {
        waiting.set(message.seq, { resolve: resolve as (reply: unknown) => void, reject });
        // A channel that breaks means that the worker ends: its end says why.
        child.send(message, () => undefined);
      });
    },
    close(error) {
      closed ??= error;
      for (const { reject } of waiting.values()) reject(closed);
      waiting.clear();
    },
  };
}

function errorOf({ code, message, hint }: WireError): Error {
  if (code === undefined || !(code in CODES)) return new Error(message);
  return new BuildError(code as ErrorCode, message, { hint });
}
