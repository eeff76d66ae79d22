import { closeSync, constants, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { mknod } from '../../host/sys/index.ts';

/** The writing end of a pipe whose other end is read here. */
export interface OutputPipe {
  /** To be given to a process, and to be closed here with `handedOver` once it has started. */
  readonly fd: number;
  handedOver(): void;
  /** When every writer is gone and everything was read. */
  readonly ended: Promise<void>;
}

/** Takes output; when it returns a promise, nothing more is read until that is settled. */
export type OutputSink = (data: Uint8Array) => Promise<void> | undefined;

/**
 * A real pipe. Node's own stdio pipes are sockets, which a program cannot open again as /dev/stdout.
 * @param path an unused name for a fifo, on a file system of the worker's own
 */
export function openOutputPipe(path: string, sink: OutputSink): OutputPipe {
  mknod(path, 'fifo', 0o600);
  const reading = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writing = openSync(path, constants.O_WRONLY);
  rmSync(path);
  const socket = new Socket({ fd: reading, readable: true, writable: false });
  const ended = new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
    // What cannot be read any more has ended.
    socket.on('error', () => resolve());
  });
  socket.on('data', (data: Buffer) => {
    const pause = sink(data);
    if (pause === undefined) return;
    socket.pause();
    void pause.finally(() => socket.resume());
  });
  let isOpen = true;
  return {
    fd: writing,
    ended,
    handedOver() {
      if (isOpen) closeSync(writing);
      isOpen = false;
    },
  };
}
