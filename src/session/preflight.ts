import { accessSync, constants, existsSync, readFileSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import type { BuildOptions } from '../build-options.ts';
import { BuildError } from '../errors.ts';
import type { Definition } from '../graph/index.ts';

const MIN_FREE_BYTES = 100 * 1024 * 1024;

/**
 * What can be told before the first step without starting anything. Only builds with a RUN need a runtime; probing mounts and
 * namespaces themselves is the worker's and doctor's business.
 */
export function assertCanRun(definition: Definition, options: BuildOptions): void {
  assertDisk(options.rootDir);
  if (!definition.vertices.some((vertex) => vertex.op.kind === 'run')) return;
  const path = options.workerEnv['PATH'] ?? '';
  const runtime = options.runtime ?? 'runc';
  if (findProgram(runtime, path) === undefined) {
    throw new BuildError('runtime-missing', `the OCI runtime ${runtime} is not installed`, {
      hint: 'apt-get install -y runc',
    });
  }
  for (const [program, debianPackage] of [
    ['unshare', 'util-linux'],
    ['setpriv', 'util-linux'],
  ] as const) {
    if (findProgram(program, path) === undefined)
      throw new BuildError('runtime-missing', `${program} is not installed`, {
        hint: `apt-get install -y ${debianPackage}`,
      });
  }
  if (!existsSync(options.workerScript)) {
    throw new BuildError('setup-missing', `a part of tsbuild is missing: ${options.workerScript}`, {
      hint: 'install tsbuild again',
    });
  }
  if (process.getuid?.() !== 0) assertUserNamespaces();
}

export function findProgram(name: string, path: string): string | undefined {
  const candidates = name.includes('/')
    ? [name]
    : path
        .split(':')
        .concat('/usr/sbin', '/sbin')
        .map((dir) => join(dir, name));
  return candidates.find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Why an ordinary user cannot make user namespaces here; undefined when nothing speaks against it. */
export function userNamespaceObstacle(): { message: string; hint: string } | undefined {
  if (readNumber('/proc/sys/user/max_user_namespaces') === 0) {
    return {
      message: 'this kernel allows no user namespaces (user.max_user_namespaces is 0)',
      hint: 'sudo sysctl -w user.max_user_namespaces=28633',
    };
  }
  if (readNumber('/proc/sys/kernel/unprivileged_userns_clone') === 0) {
    return {
      message: 'user namespaces are switched off for ordinary users',
      hint: 'sudo sysctl -w kernel.unprivileged_userns_clone=1',
    };
  }
  if (readNumber('/proc/sys/kernel/apparmor_restrict_unprivileged_userns') === 1) {
    return {
      message: 'AppArmor refuses user namespaces to ordinary users',
      hint: 'sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0',
    };
  }
  return undefined;
}

function assertUserNamespaces(): void {
  const obstacle = userNamespaceObstacle();
  if (obstacle !== undefined) throw new BuildError('userns-refused', obstacle.message, { hint: obstacle.hint });
}

function assertDisk(rootDir: string): void {
  const { bavail, bsize } = statfsSync(rootDir);
  const free = bavail * bsize;
  if (free >= MIN_FREE_BYTES) return;
  throw new BuildError('disk-full', `only ${Math.floor(free / 1024 / 1024)} MiB are free below ${rootDir}`, {
    hint: 'free some space, or give another --root',
  });
}

function readNumber(file: string): number | undefined {
  try {
    return Number(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
