import { readFileSync, statfsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { openRoot } from '../../cache/index.ts';
import { BuildError } from '../errors.ts';
import { openQuickSignature } from '../host/fs/index.ts';
import { findProgram, runtimeFix } from '../host/process/index.ts';
import { fileLocks, namespaceObstacle, needsUserNamespace } from '../host/sys/index.ts';
import { nowMs } from '../util/clock.ts';
import { startWorker } from '../worker/client/index.ts';
import type { LowerChoice, WorkerProbe } from '../worker/protocol.ts';

export interface Finding {
  readonly name: string;
  readonly state: 'works' | 'limited' | 'broken';
  readonly detail: string;
  /** One command. */
  readonly fix?: string;
}

export interface DoctorOptions {
  readonly rootDir: string;
  readonly env: { readonly [name: string]: string | undefined };
  readonly runtime?: string | undefined;
  readonly lower?: LowerChoice | undefined;
  readonly workerScript: string;
}

/** Looks at everything a build with RUNs needs, by trying it. */
export async function diagnose(
  options: DoctorOptions,
  { signal }: { signal: AbortSignal },
): Promise<readonly Finding[]> {
  const findings: Finding[] = [runtimeFinding(options), namespaceFinding()];
  if (process.getuid?.() !== 0) findings.push(...idFindings(options));
  const root = await rootFinding(options.rootDir);
  findings.push(root);
  if (root.state !== 'broken') findings.push(...(await workerFindings(options, signal)));
  return findings;
}

function runtimeFinding({ runtime = 'runc', env }: DoctorOptions): Finding {
  const path = findProgram(runtime, env['PATH'] ?? '');
  if (path === undefined)
    return {
      name: 'runtime',
      state: 'broken',
      detail: `${runtime} is not installed: no RUN can run`,
      fix: runtimeFix(runtime),
    };
  return { name: 'runtime', state: 'works', detail: path };
}

function namespaceFinding(): Finding {
  const name = 'namespaces';
  const obstacle = namespaceObstacle();
  if (obstacle !== undefined) {
    const state = obstacle.isCertain ? 'broken' : 'limited';
    return { name, state, detail: obstacle.message, fix: obstacle.hint };
  }
  if (!needsUserNamespace()) return { name, state: 'works', detail: 'running as root; no user namespace is needed' };
  return { name, state: 'works', detail: 'user namespaces are allowed' };
}

function idFindings({ env }: DoctorOptions): Finding[] {
  const { username } = userInfo();
  const tool = findProgram('newuidmap', env['PATH'] ?? '');
  const uidmap: Finding =
    tool === undefined
      ? {
          name: 'newuidmap',
          state: 'limited',
          detail: 'not installed: only one user id in RUNs',
          fix: 'sudo apt-get install -y uidmap',
        }
      : { name: 'newuidmap', state: 'works', detail: tool };
  const ranges = ['/etc/subuid', '/etc/subgid'].filter((file) => !hasRange(file, username));
  const subids: Finding =
    ranges.length === 0
      ? { name: 'sub ids', state: 'works', detail: `${username} has ranges in /etc/subuid and /etc/subgid` }
      : {
          name: 'sub ids',
          state: 'limited',
          detail: `${username} has no range in ${ranges.join(' and ')}: only one user id in RUNs`,
          fix: `sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ${username}`,
        };
  return [uidmap, subids];
}

function hasRange(file: string, user: string): boolean {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .some((line) => line.startsWith(`${user}:`));
  } catch {
    return false;
  }
}

async function rootFinding(rootDir: string): Promise<Finding> {
  try {
    await using root = await openRoot(rootDir, {
      locks: fileLocks,
      now: nowMs,
      quickSignature: await openQuickSignature(),
      onWarning: () => undefined,
    });
    const { bavail, bsize } = statfsSync(root.dir);
    return {
      name: 'state directory',
      state: 'works',
      detail: `${rootDir}, ${Math.floor((bavail * bsize) / 1e9)} GB free`,
    };
  } catch (error) {
    return {
      name: 'state directory',
      state: 'broken',
      detail: `${rootDir}: ${(error as Error).message}`,
      fix: 'give another with --root DIR or TSBUILD_ROOT',
    };
  }
}

async function workerFindings(
  { rootDir, env, workerScript, lower }: DoctorOptions,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  try {
    await using worker = await startWorker({
      rootDir,
      scriptPath: workerScript,
      env,
      lower,
      signal,
      onWarning: () => undefined,
    });
    const probe = await worker.probe();
    return [overlayFinding(probe), networkFinding(probe), cgroupFinding(probe)];
  } catch (error) {
    const fix = error instanceof BuildError ? error.hint : undefined;
    return [
      { name: 'worker', state: 'broken', detail: (error as Error).message, ...(fix === undefined ? {} : { fix }) },
    ];
  }
}

function networkFinding({ networkObstacle, networkPrograms = [] }: WorkerProbe): Finding {
  if (networkObstacle === undefined)
    return { name: 'network', state: 'works', detail: `each RUN has its own, behind ${networkPrograms.join(' or ')}` };
  const [, why = networkObstacle, fix] = /^(.*) \((.*)\)$/.exec(networkObstacle) ?? [];
  const detail = `RUNs share the host's: ${why}`;
  return { name: 'network', state: 'limited', detail, ...(fix === undefined ? {} : { fix }) };
}

function cgroupFinding({ cgroups, userNamespace }: WorkerProbe): Finding {
  if (cgroups !== 'none') return { name: 'cgroups', state: 'works', detail: `${cgroups}: --memory and --cpus hold` };
  const place = userNamespace ? 'by an ordinary user' : 'here';
  const detail = `none can be made ${place}: --memory and --cpus have no effect, and RUNs make no device nodes`;
  return { name: 'cgroups', state: 'limited', detail };
}

function overlayFinding({ overlay, lowers, notes }: WorkerProbe): Finding {
  const detail = [`lowers: ${lowers.join(', ')}`, ...notes].join('; ');
  if (overlay) return { name: 'overlay', state: 'works', detail };
  if (lowers.length > 0) {
    return {
      name: 'overlay',
      state: 'limited',
      detail,
      fix: 'give a --root on ext4, xfs or btrfs, where RUNs are faster',
    };
  }
  return {
    name: 'overlay',
    state: 'broken',
    detail: notes.join('; '),
    fix: 'give a --root on ext4, xfs or btrfs',
  };
}
