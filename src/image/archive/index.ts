export type { EntryType, TarEntry } from './entry.ts';
