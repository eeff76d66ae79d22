import { resolve } from 'node:path';
import type { BuildOptions } from '../../build-options.ts';
import { BuildError } from '../../errors.ts';
import { parseGitUrl } from '../../frontend/index.ts';
import type { CliContext } from '../context.ts';
import type { BuildFlags } from './parse.ts';

type Surroundings = Pick<CliContext, 'cwd' | 'env'>;

/**
 * `--ssh` by id: the paths that are named, the agent of $SSH_AUTH_SOCK where there are none. A repository as the context that is asked by
 * ssh is asked with an agent, too. @throws BuildError usage
 */
export function sshPaths(
  { ssh = [], context }: Pick<BuildFlags, 'ssh' | 'context'>,
  surroundings: Surroundings,
): BuildOptions['ssh'] {
  const byID = new Map<string, readonly string[]>();
  const given = ssh.filter((text) => text !== '');
  for (const text of given.length === 0 && isAskedBySsh(context) ? ['default'] : given) {
    const equals = text.indexOf('=');
    const id = (equals < 0 ? text : text.slice(0, equals)) || 'default';
    if (byID.has(id)) throw new BuildError('usage', `--ssh: invalid duplicate ID ${id}`);
    byID.set(id, pathsOf(id, equals < 0 ? '' : text.slice(equals + 1), surroundings));
  }
  return byID;
}

function isAskedBySsh(context: string): boolean {
  const url = parseGitUrl(context)?.url;
  return url !== undefined && !/^(https?|git):\/\//.test(url);
}

function pathsOf(id: string, list: string, { cwd, env }: Surroundings): readonly string[] {
  const named = list || env['SSH_AUTH_SOCK'] || undefined;
  if (named === undefined)
    throw new BuildError('usage', `--ssh ${id}: there is no agent`, {
      hint: 'start ssh-agent, or give --ssh ID=SOCKET or --ssh ID=KEY',
    });
  const paths = list === '' ? [named] : named.split(',');
  if (paths.includes('')) throw new BuildError('usage', `--ssh ${id}: names an empty path: ${list}`);
  return paths.map((path) => resolve(cwd, path));
}
