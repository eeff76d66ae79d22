import { chmodSync, lchownSync } from 'node:fs';
import { BuildError } from '../../errors.ts';
import { isErrno } from '../../host/fs/index.ts';
import type { WorkerMount } from '../protocol.ts';
import type { Machine } from './machine.ts';

type Owned = Extract<WorkerMount, { readonly uid: number }>;

/** What a mount shows becomes as the mount says it. @throws BuildError mount-failed for an owner that there is none of here */
export function giveTo(
  path: string,
  { type, target, mode, uid, gid }: Pick<Owned, 'type' | 'target' | 'mode' | 'uid' | 'gid'>,
  { isSquashed }: Pick<Machine, 'isSquashed'>,
): void {
  try {
    if (!isSquashed) lchownSync(path, uid, gid);
    // After that: a chown takes setuid bits away.
    chmodSync(path, mode);
  } catch (error) {
    if (!isErrno(error, 'EINVAL')) throw error;
    throw new BuildError(
      'mount-failed',
      `the ${type} at ${target} is to belong to ${uid}:${gid}, which is outside of your sub-id ranges`,
      { cause: error },
    );
  }
}
