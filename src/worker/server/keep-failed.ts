import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { removeTree } from '../../../cache/index.ts';
import { BuildError } from '../../errors.ts';
import { isErrno } from '../../host/fs/index.ts';
import { nowMs } from '../../util/clock.ts';
import type { FailedStep, Kept, RunRequest, WorkerMount } from '../protocol.ts';
import type { Keeping, Snapshot } from '../snapshot/index.ts';
import { watchForLeaks } from './secrets.ts';
import { wireError } from './wire-error.ts';
import type { Workspace } from './workspace.ts';

/** Of a root, the latest ones; all of them together have no more bytes than one may have. */
const MAX_KEPT = 8;
const MAX_BYTES = 1 << 30;
const MAX_ENTRIES = 100_000;

export interface Failure {
  readonly snapshot: Snapshot;
  readonly workspace: Workspace;
  readonly signal: AbortSignal;
  readonly exitCode?: number | undefined;
}

/**
 * Keeps what a failed RUN wrote, and how it was started, as failed/<id> of the root; what would hold a secret is not kept. Nothing is
 * there until all of it is. Never an error: what stands in the way is a reason.
 */
export async function keepFailed(request: RunRequest, failure: Failure): Promise<Kept> {
  const { workspace } = failure;
  const temp = workspace.tempPath('failed');
  try {
    mkdirSync(temp, { mode: 0o700 });
    const kept = await moveUpper(request, { ...failure, to: join(temp, 'upper') });
    if (typeof kept === 'string') return { reason: kept };
    const id = publish(temp, (name) => recordOf(request, { id: name, kept, ...failure }), workspace.rootDir);
    await removeOldest(workspace);
    return { id };
  } catch (error) {
    return { reason: wireError(error).message };
  } finally {
    // What cannot be removed goes with the build's other temporary files.
    await removeTree(temp).catch(() => undefined);
  }
}

async function moveUpper(
  request: RunRequest,
  { snapshot, signal, to }: Failure & { readonly to: string },
): Promise<Keeping | string> {
  const watch = watchForLeaks({ ...request, secretLeak: 'error' });
  try {
    return await snapshot.keep({ to, signal, watch, maxBytes: MAX_BYTES, maxEntries: MAX_ENTRIES });
  } catch (error) {
    if (error instanceof BuildError && error.code === 'secret-leaked') return 'it holds a secret';
    throw error;
  }
}

const PLACE = 'failed';
const RECORD = 'record.json';
const ID_BYTES = 3;

function publish(temp: string, record: (id: string) => FailedStep, rootDir: string): string {
  mkdirSync(join(rootDir, PLACE), { recursive: true, mode: 0o700 });
  for (;;) {
    const id = `f-${randomBytes(ID_BYTES).toString('hex')}`;
    writeFileSync(join(temp, RECORD), `${JSON.stringify(record(id))}\n`, { mode: 0o600 });
    try {
      renameSync(temp, join(rootDir, PLACE, id));
      return id;
    } catch (error) {
      if (!isErrno(error, 'ENOTEMPTY') && !isErrno(error, 'EEXIST')) throw error;
    }
  }
}

function recordOf(
  request: RunRequest,
  { id, kept, exitCode }: { id: string; kept: Keeping; exitCode?: number | undefined },
): FailedStep {
  const { devices, hostname, network, security, extraHosts, dns, ulimits, shmSizeBytes, limits, epoch } = request;
  const { env, privateEnv = [], ...process } = request.process;
  const secrets = request.secrets ?? [];
  const values = new Set(secrets.map(({ value }) => value));
  return {
    schemaVersion: 1,
    ...{ id, atMs: nowMs(), step: request.name ?? request.id, exitCode },
    ...kept,
    ...{ stack: request.stack, process, env, privateEnv: privateEnv.map((pair) => pair.split('=', 1)[0] ?? '') },
    mounts: request.mounts.map((mount) => withoutSecret(mount, values)),
    secrets: [...new Set(secrets.map((secret) => secret.id))],
    settings: { devices, hostname, network, security, extraHosts, dns, ulimits, shmSizeBytes, limits, epoch },
    logFile: request.logFile,
  };
}

function withoutSecret(mount: WorkerMount, values: ReadonlySet<string>): object {
  if (mount.type !== 'file' || !values.has(mount.content)) return mount;
  const { content: _, ...rest } = mount;
  return rest;
}

/** By a rename first, so that no half of one is ever there. Somebody else may be doing the same. */
async function removeOldest({ rootDir, tempPath }: Workspace): Promise<void> {
  let [count, bytes] = [0, 0];
  for (const { name, sizeBytes } of newestFirst(join(rootDir, PLACE))) {
    [count, bytes] = [count + 1, bytes + sizeBytes];
    if (count === 1 || (count <= MAX_KEPT && bytes <= MAX_BYTES)) continue;
    const temp = tempPath('failed');
    try {
      renameSync(join(rootDir, PLACE, name), temp);
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error;
    }
    await removeTree(temp);
  }
}

function newestFirst(dir: string) {
  const all = readdirSync(dir).map((name) => ({ name, ...sizeAndTime(join(dir, name, RECORD)) }));
  return all.sort((a, b) => b.atMs - a.atMs);
}

function sizeAndTime(file: string): Pick<FailedStep, 'atMs' | 'sizeBytes'> {
  try {
    const { atMs, sizeBytes } = JSON.parse(readFileSync(file, 'utf8')) as FailedStep;
    return { atMs, sizeBytes };
  } catch {
    return { atMs: 0, sizeBytes: 0 };
  }
}
