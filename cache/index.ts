export * from './digest.ts';
export type { Lock, LockMode, Locks } from './locks.ts';
export type * from './types.ts';
