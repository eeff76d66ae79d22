export type { ContextOptions, ContextTree, StatIndex } from './context-options.ts';
export { followedPath } from './followed-path.ts';
export { findIgnoreFile, type IgnoreFile, parseIgnoreFile } from './ignore-file.ts';
export { openContext } from './open-context.ts';
export { Spool } from './spool.ts';
export { isTarHead, newestInTar, type SpooledEntry, type SpooledTar, spoolTar, type TarFilter } from './spool-tar.ts';
export { unpackContext } from './unpack-context.ts';
