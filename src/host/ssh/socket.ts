import { closeSync, constants, mkdirSync, openSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Answer, answering } from './frames.ts';

export interface ServedSocket extends AsyncDisposable {
  readonly path: string;
  /** The same socket by a name that is short enough for every program, for the children of this process. */
  readonly shortPath: string;
}

/** How long the path of a socket may be (sun_path, with its end). */
const MAX_PATH_BYTES = 107;
const NAME = 'socket';
/** At a time; further ones are closed. */
const MAX_CONNECTIONS = 256;

/**
 * A socket in a directory of its own, `place`, which only this user can enter and which must not be there yet. Each connection is served
 * until one side ends it; disposing ends them all. Never throws because of what a client sends.
 */
export async function serveSocket(place: string, serve: (near: Socket) => Promise<void>): Promise<ServedSocket> {
  mkdirSync(place, { mode: 0o700 });
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (near) => {
    open.add(near);
    // Whichever side broke off: it is over.
    const end = (): void => {
      near.destroy();
      open.delete(near);
    };
    serve(near).then(end, end);
  });
  server.maxConnections = MAX_CONNECTIONS;
  // A socket's name has to be short, and the state directory's may be long.
  const fd = openDirectory(place);
  try {
    await new Promise<void>((resolve, reject) => {
      // Later ones are of clients that could not be let in, for want of file descriptors; nobody waits then.
      server.on('error', reject);
      server.listen(`/proc/self/fd/${fd}/${NAME}`, resolve);
    });
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  const path = join(place, NAME);
  return {
    path,
    shortPath: fits(path) ? path : `/proc/${process.pid}/fd/${fd}/${NAME}`,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      closeSync(fd);
    },
  };
}

/** Serves the requests of a connection until its end. */
export function converse(near: Socket, answer: Answer): Promise<void> {
  return pipeline(near, answering(answer), near);
}

/** Calls an agent, however long its path is. It is over when it is destroyed; errors are told by `close` alone. */
export function callAgent(path: string): Socket {
  if (fits(path)) return silent(connect({ path, allowHalfOpen: true }));
  const fd = openDirectory(dirname(path));
  const socket = connect({ path: `/proc/self/fd/${fd}/${basename(path)}`, allowHalfOpen: true });
  const release = (): void => {
    socket.off('connect', release).off('close', release);
    closeSync(fd);
  };
  return silent(socket.once('connect', release).once('close', release));
}

function silent(socket: Socket): Socket {
  return socket.on('error', () => undefined);
}

function fits(path: string): boolean {
  return Buffer.byteLength(path) <= MAX_PATH_BYTES;
}

function openDirectory(path: string): number {
  return openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
}
