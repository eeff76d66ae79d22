import { isMainThread, parentPort } from 'node:worker_threads';
import type { WorkerMessage, WorkerRequestMessage } from '../protocol.ts';
import { deflateEarly } from './early-chunks-thread.ts';
import { makeServer } from './serve.ts';

if (isMainThread) serve();
else if (parentPort !== null) deflateEarly(parentPort);

function serve(): void {
  // Modes are given in full wherever something is made.
  process.umask(0);
  // Signals are for the front: it says what is to end, or its end does.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

  const server = makeServer(send);
  process.on('message', (message) => void server.handle(message as WorkerRequestMessage));
  process.on('disconnect', () => void end(server));
}

async function end(server: AsyncDisposable): Promise<void> {
  try {
    await server[Symbol.asyncDispose]();
  } finally {
    process.exit();
  }
}

function send(message: WorkerMessage): Promise<void> {
  return new Promise((resolve) => {
    // Once the front is gone nobody listens; the end is near.
    if (process.connected) process.send?.(message, () => resolve());
    else resolve();
  });
}
