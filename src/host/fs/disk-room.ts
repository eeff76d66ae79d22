import { statfsSync } from 'node:fs';

const KEPT_FREE = 1_000_000_000;

/** How many bytes may be written below a directory so that a gigabyte of its file system stays free. */
export function diskRoom(dir: string): number {
  const { bavail, bsize } = statfsSync(dir);
  return Math.max(0, bavail * bsize - KEPT_FREE);
}
