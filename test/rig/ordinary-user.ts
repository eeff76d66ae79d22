import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { output, REPOSITORY, run } from './cli.ts';

export interface OrdinaryUser extends AsyncDisposable {
  /** Command prefix that runs a program as this user. */
  readonly as: readonly string[];
  /** A directory that belongs to the user. */
  readonly dir: string;
  /** The CLI, where the user can read it. */
  readonly cli: string;
}

const NAME = 'tsbuild-test';

/** A user with sub-ids and no rights, made when it is not there. Only root can call this. */
export async function openOrdinaryUser(): Promise<OrdinaryUser> {
  if ((await run(['id', NAME])).code !== 0) await output(['useradd', '--create-home', '--shell', '/bin/sh', NAME]);
  const dir = mkdtempSync(join(tmpdir(), 'tsbuild-user-'));
  chmodSync(dir, 0o755);
  // The repository may lie below a home directory that others cannot enter.
  for (const part of ['dist', 'package.json', 'node_modules/koffi', 'node_modules/@koromix']) {
    if (existsSync(join(REPOSITORY, part)))
      cpSync(join(REPOSITORY, part), join(dir, part), { recursive: true, dereference: true });
  }
  const home = join(dir, 'home');
  mkdirSync(home);
  await output(['chown', '-R', `${NAME}:`, home]);
  const environment = [
    `HOME=${home}`,
    `PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    'XDG_RUNTIME_DIR=',
    'XDG_DATA_HOME=',
  ];
  return {
    as: ['runuser', '-u', NAME, '--', 'env', ...environment],
    dir: home,
    cli: join(dir, 'dist/cli/tsbuild.cjs'),
    [Symbol.asyncDispose]: async () => {
      // Files below the user's root belong to sub-ids: only root removes them.
      await output(['rm', '-rf', dir]);
    },
  };
}

/** A command prefix under which /dev/net/tun is open to everybody, as udev makes it; undefined where that cannot be had. */
export async function withTunnels(dir: string): Promise<readonly string[] | undefined> {
  const node = join(dir, 'tun');
  const script = `[ -e ${node} ] || mknod -m 666 ${node} c 10 200; mount --bind ${node} /dev/net/tun && exec "$@"`;
  const prefix = ['unshare', '--mount', '--', 'sh', '-c', script, 'sh'];
  return (await run([...prefix, 'sh', '-c', ': <> /dev/net/tun'])).code === 0 ? prefix : undefined;
}
