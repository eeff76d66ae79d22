export type LockMode = 'shared' | 'exclusive';

export interface Lock {
  /** More than once is fine. */
  release(): void;
}

/**
 * Locks on files, injected because Node has none. A lock belongs to its holder, not to a process: two locks of one file exclude each
 * other in one process too. The kernel releases them when their process ends.
 */
export interface Locks {
  /** Makes the file if it is missing; undefined when somebody holds a lock that excludes this one. */
  tryLock(path: string, mode: LockMode): Lock | undefined;
  /** Waits without blocking the event loop. */
  lock(path: string, mode: LockMode, options: { signal: AbortSignal }): Promise<Lock>;
}
