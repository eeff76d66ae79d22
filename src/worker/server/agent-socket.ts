import { closeSync, constants, mkdirSync, openSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

export interface AgentSocket extends AsyncDisposable {
  readonly path: string;
}

const NAME = 'socket';
let count = 0;

/**
 * A socket in a directory of its own below `dir`, each of whose connections goes on to `source`. Disposing it ends them all. The source is
 * looked at when somebody connects.
 */
export async function openAgentSocket(source: string, dir: string): Promise<AgentSocket> {
  const { connect, createServer } = await import('node:net');
  const place = join(dir, `agent${++count}`);
  mkdirSync(place, { mode: 0o700 });
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ path: source, allowHalfOpen: true });
    void connectBoth(near, far, open);
  });
  // A socket's name has to be short, and the state directory's may be long.
  const fd = openSync(place, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(`/proc/self/fd/${fd}/${NAME}`, resolve);
    });
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  return {
    path: join(place, NAME),
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      closeSync(fd);
    },
  };
}

/** What one side says the other one hears, until both have ended; an error of one ends the other. */
async function connectBoth(near: Socket, far: Socket, open: Set<Socket>): Promise<void> {
  for (const socket of [near, far]) open.add(socket);
  await Promise.allSettled([pipeline(near, far), pipeline(far, near)]);
  for (const socket of [near, far]) {
    socket.destroy();
    open.delete(socket);
  }
}
