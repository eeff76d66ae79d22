import { chmodSync, lstatSync, readdirSync, rmdirSync, unlinkSync } from 'node:fs';
import { isErrno } from './files.ts';

/**
 * Removes a directory of this process's own with all that is in it, or a file; what is not there is fine. One name after the other: `rm`
 * of Node begins them all at once, which takes hundreds of megabytes for hundreds of thousands of files.
 */
export function removeTree(path: string): void {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return;
  const bytes = Buffer.from(path);
  if (stat.isDirectory()) removeDirectory(bytes);
  else unlinkSync(bytes);
}

const SLASH = Buffer.from('/');

function removeDirectory(dir: Buffer): void {
  for (const entry of entriesOf(dir)) {
    const path = Buffer.concat([dir, SLASH, entry.name]);
    if (entry.isDirectory()) removeDirectory(path);
    else unlinkSync(path);
  }
  rmdirSync(dir);
}

/** Made writable first where it is not: an archive may have said so. */
function entriesOf(dir: Buffer) {
  try {
    chmodSync(dir, 0o700);
  } catch (error) {
    if (!isErrno(error, 'EPERM')) throw error;
  }
  return readdirSync(dir, { encoding: 'buffer', withFileTypes: true });
}
