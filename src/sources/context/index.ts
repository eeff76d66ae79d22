export { findIgnoreFile, type IgnoreFile, parseIgnoreFile } from './ignore-file.ts';
export { type ContextOptions, type ContextTree, openContext, type StatIndex } from './open-context.ts';
export { Spool } from './spool.ts';
export { isTarHead, type SpooledEntry, type SpooledTar, spoolTar, type TarFilter } from './spool-tar.ts';
export { unpackContext } from './unpack-context.ts';
