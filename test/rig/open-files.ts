import { readdirSync, readlinkSync } from 'node:fs';

/**
 * Paths of files that this process has open and that begin so, whether they have names or not. Not all that it has open: other threads of
 * it open and close files of their own meanwhile.
 */
export function openFiles(prefix: string): string[] {
  const links = readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      return [];
    }
  });
  return links.filter((link) => link.startsWith(prefix));
}
