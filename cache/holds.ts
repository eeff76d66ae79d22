import { closeSync, constants, openSync, readdirSync, readFileSync, statSync, utimesSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { unlessGone } from './files.ts';
import type { Lock, Locks } from './locks.ts';

/** What a lease keeps from being pruned: layers by diffID and blobs by digest, written into its file. */
export interface Holds {
  has(id: string): boolean;
  /**
   * From now on nobody prunes it; to be asked before one looks whether it is there. False when that cannot be promised: then it is to be
   * treated as not there.
   */
  hold(id: string): boolean;
  /** So that what was used last is known, to some time: not again before the file's time is so old. */
  markUsed(path: string, afterMs: number): void;
  end(): void;
}

/** For those who have no lease: everything is as it lies there. */
export const NO_HOLDS: Holds = { has: () => true, hold: () => true, markUsed: () => undefined, end: () => undefined };

/** Holding takes it shared, pruning exclusively: what is held once it is taken stays. */
export function gateOf(rootDir: string): string {
  return join(rootDir, 'prune.lock');
}

/** A pruner has the gate for some renames, never for longer. */
const MAX_WAIT_MS = 10_000;
const WAIT_MS = 1;

export interface HoldsOptions {
  readonly lease: string;
  readonly locks: Locks;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export function openHolds(rootDir: string, { lease, locks, now }: HoldsOptions): Holds {
  const file = join(rootDir, 'leases', `tsbuild-${lease}`);
  const held = new Set<string>();
  let fd: number | undefined;
  return {
    has: (id) => held.has(id),
    hold(id) {
      if (held.has(id)) return true;
      const gate = pass(gateOf(rootDir), locks);
      if (gate === undefined) return false;
      try {
        // Not made anew: without its lock a lease is nobody's.
        fd ??= openSync(file, constants.O_WRONLY | constants.O_APPEND);
        writeSync(fd, `${id}\n`);
        held.add(id);
        return true;
      } catch {
        return false;
      } finally {
        gate.release();
      }
    },
    markUsed(path, afterMs) {
      try {
        const stat = statSync(path, { throwIfNoEntry: false });
        const atMs = now();
        if (stat !== undefined && stat.mtimeMs + afterMs < atMs) utimesSync(path, atMs / 1000, atMs / 1000);
      } catch {
        // Gone meanwhile, or not ours.
      }
    },
    end() {
      if (fd !== undefined) closeSync(fd);
      fd = undefined;
    },
  };
}

/** Blocks: whoever asks is about to read files anyway. */
function pass(path: string, locks: Locks): Lock | undefined {
  for (let waitedMs = 0; waitedMs < MAX_WAIT_MS; waitedMs += WAIT_MS) {
    const lock = locks.tryLock(path, 'shared');
    if (lock !== undefined) return lock;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WAIT_MS);
  }
  return undefined;
}

/**
 * What all leases hold, those of dead holders too. To be read while the gate is taken exclusively.
 * @throws what reading a lease does: nobody knows what one holds that cannot be read
 */
export function heldIDs(rootDir: string): ReadonlySet<string> {
  const dir = join(rootDir, 'leases');
  const held = new Set<string>();
  for (const name of readdirSync(dir))
    for (const id of unlessGone(() => readFileSync(join(dir, name), 'utf8'))?.split('\n') ?? [])
      if (id !== '') held.add(id);
  return held;
}
