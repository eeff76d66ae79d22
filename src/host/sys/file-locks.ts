import { closeSync, fstatSync, openSync, statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Lock, LockMode, Locks } from '../../../cache/index.ts';
import { flock } from './flock.ts';

/** The cache's locks, over flock: given back by the kernel when the process ends, however it ends. */
export const fileLocks: Locks = { tryLock, lock };

const FIRST_WAIT_MS = 5;
const LONGEST_WAIT_MS = 100;

async function lock(path: string, mode: LockMode, { signal }: { signal: AbortSignal }): Promise<Lock> {
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
    signal.throwIfAborted();
    const held = tryLock(path, mode);
    if (held !== undefined) return held;
    await delay(waitMs, undefined, { signal });
  }
}

/** The file is made if it is missing. A lock of a file that was removed meanwhile would exclude nobody: once more then. */
function tryLock(path: string, mode: LockMode): Lock | undefined {
  for (;;) {
    const fd = openSync(path, 'a', 0o600);
    try {
      if (!flock(fd, mode, { nonBlocking: true })) {
        closeSync(fd);
        return undefined;
      }
      if (isStillAt(path, fd)) return heldBy(fd);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    closeSync(fd);
  }
}

function isStillAt(path: string, fd: number): boolean {
  const there = statSync(path, { bigint: true, throwIfNoEntry: false });
  const mine = fstatSync(fd, { bigint: true });
  return there?.ino === mine.ino && there.dev === mine.dev;
}

function heldBy(fd: number): Lock {
  let isHeld = true;
  return {
    release() {
      if (isHeld) closeSync(fd);
      isHeld = false;
    },
  };
}
