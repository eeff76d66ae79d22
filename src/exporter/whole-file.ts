import { constants } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { constants as osConstants } from 'node:os';
import { dirname } from 'node:path';
import { nameOpenFile, SysError } from '../host/sys/index.ts';

/** Of a kernel's O_TMPFILE, which is this and O_DIRECTORY. */
const TEMPORARY = 0o20000000;

export interface WholeFile<T> {
  /** Appends the contents. */
  readonly write: (file: FileHandle) => Promise<T>;
  /** What `path.tmp-<lease>` is named by, as by no other process. */
  readonly lease: string;
  /** A file without a name in a directory; undefined where there are none. */
  readonly openNameless?: (dir: string) => Promise<FileHandle | undefined>;
}

/**
 * Makes a file, or replaces one, whole or not at all. Until it is whole it has no name: whatever ends the process, SIGKILL too, leaves
 * nothing unfinished, and nobody who reads the directory meanwhile finds it. On file systems without such files (NFS, FAT) it is written
 * beside its place. It does not wait for the disk.
 * @throws what `write` throws, and Node's errors of files; nothing is left then
 */
export async function writeWhole<T>(path: string, { write, lease, openNameless = nameless }: WholeFile<T>): Promise<T> {
  const temp = `${path}.tmp-${lease}`;
  const file = await openNameless(dirname(path));
  try {
    if (file !== undefined) return await writeNameless(file, { write, path, temp });
    const result = await writeAndClose(await open(temp, 'wx'), write);
    await rename(temp, path);
    return result;
  } catch (error) {
    await rm(temp, { force: true }).catch(() => undefined);
    throw error;
  }
}

async function writeNameless<T>(
  file: FileHandle,
  { write, path, temp }: Pick<WholeFile<T>, 'write'> & { readonly path: string; readonly temp: string },
): Promise<T> {
  await using open = file;
  const result = await write(open);
  if (nameOpenFile(open.fd, path)) return result;
  // A name cannot take another file's place; a rename can.
  if (!nameOpenFile(open.fd, temp)) throw new SysError('linkat', osConstants.errno.EEXIST, temp);
  await rename(temp, path);
  return result;
}

/** Some file systems tell only then what could not be written. */
async function writeAndClose<T>(file: FileHandle, write: (file: FileHandle) => Promise<T>): Promise<T> {
  await using open = file;
  return await write(open);
}

/** Whatever stands against it stands against a file with a name, too, or is no matter to that one. */
async function nameless(dir: string): Promise<FileHandle | undefined> {
  try {
    return await open(dir, constants.O_WRONLY | constants.O_DIRECTORY | TEMPORARY, 0o666);
  } catch {
    return undefined;
  }
}
