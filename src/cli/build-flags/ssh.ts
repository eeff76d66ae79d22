import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { BuildError } from '../../errors.ts';
import type { CliContext } from '../context.ts';
import { existing } from './existing.ts';

type Surroundings = Pick<CliContext, 'cwd' | 'env'>;

/** `--ssh` by id: the socket of an agent, $SSH_AUTH_SOCK's where none is named. @throws BuildError usage */
export function sshSockets(texts: readonly string[], surroundings: Surroundings): ReadonlyMap<string, string> {
  const sockets = new Map<string, string>();
  for (const text of texts.filter((given) => given !== '')) {
    const equals = text.indexOf('=');
    const id = (equals < 0 ? text : text.slice(0, equals)) || 'default';
    if (sockets.has(id)) throw new BuildError('usage', `--ssh: invalid duplicate ID ${id}`);
    sockets.set(id, socketOf(id, equals < 0 ? '' : text.slice(equals + 1), surroundings));
  }
  return sockets;
}

function socketOf(id: string, path: string, { cwd, env }: Surroundings): string {
  const named = path || env['SSH_AUTH_SOCK'] || undefined;
  if (named === undefined)
    throw new BuildError('usage', `--ssh ${id}: there is no agent`, {
      hint: 'start ssh-agent, or give --ssh ID=SOCKET',
    });
  const socket = existing(`--ssh ${id}:`, resolve(cwd, named));
  if (!statSync(socket).isSocket())
    throw new BuildError('usage', `--ssh ${id}: ${socket} is not the socket of an agent`, {
      hint: `a key goes by way of an agent: ssh-add ${named}, then --ssh ${id}`,
    });
  return socket;
}
