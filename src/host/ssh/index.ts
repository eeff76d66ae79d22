import type { Socket } from 'node:net';
import { keyringAnswer, readOnlyAnswer } from './agent.ts';
import type { SigningKey } from './signing-key.ts';
import { callAgent, converse, type ServedSocket, serveSocket } from './socket.ts';

export { parseKeyFile } from './key-file.ts';
export { KeyFileError, type KeyProblem } from './key-file-error.ts';
export type { SigningKey } from './signing-key.ts';
export type { ServedSocket } from './socket.ts';

/** An agent of this process for these keys, with its socket in the new directory `place`. The keys never leave its memory. */
export function serveKeys(keys: readonly SigningKey[], place: string): Promise<ServedSocket> {
  return serveSocket(place, (near) => converse(near, keyringAnswer(keys)));
}

/**
 * A socket in the new directory `place` behind which is the agent at `source`, for those who may see its keys and sign with them, but change
 * nothing. The agent is looked for when somebody connects; where it is not, or ends, the connection does.
 */
export function forwardAgent(source: string, place: string): Promise<ServedSocket> {
  return serveSocket(place, (near) => forward(near, source));
}

async function forward(near: Socket, source: string): Promise<void> {
  const far = callAgent(source).once('close', () => near.destroy());
  try {
    await converse(near, readOnlyAnswer(far));
  } finally {
    far.destroy();
  }
}
