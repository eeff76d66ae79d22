import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';

export type Warn = (message: string) => void;

/** A name below tmp/ that nobody else has. */
export type TempPath = (purpose: string) => string;

/** undefined when there is no such file, or it cannot be read: the store's readers never throw. */
export function readIfThere(path: string): Buffer | undefined {
  try {
    // Asked first: an exception costs more than the look.
    return existsSync(path) ? readFileSync(path) : undefined;
  } catch {
    return undefined;
  }
}

/** Names in a directory, in code unit order; none when it is not there. */
export function namesIn(dir: string): readonly string[] {
  try {
    return readdirSync(dir).sort();
  } catch {
    return [];
  }
}

export function sizeIfThere(path: string): number | undefined {
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat?.isFile() === true ? stat.size : undefined;
  } catch {
    return undefined;
  }
}

/** Temp file → fsync → rename: readers see all of it or nothing, after a power failure too. */
export function publishBytes(path: string, bytes: Uint8Array | string, tempPath: TempPath): void {
  publish(path, tempPath, (temp) => {
    writeNew(temp, bytes);
    syncFile(temp);
  });
}

/** Temp file → rename: readers see all of it or nothing, but that a power failure may lose or tear it. */
export function publishUnsynced(path: string, bytes: Uint8Array | string, tempPath: TempPath): void {
  publish(path, tempPath, (temp) => writeNew(temp, bytes));
}

function writeNew(path: string, bytes: Uint8Array | string): void {
  writeFileSync(path, bytes, { flag: 'wx', mode: 0o600 });
}

function publish(path: string, tempPath: TempPath, write: (temp: string) => void): void {
  const temp = tempPath('publish');
  try {
    write(temp);
    moveInto(temp, path);
  } catch (error) {
    removeFile(temp);
    throw error;
  }
}

/** If it is there. Node's rmSync loads what removes trees, for a file too. @throws what unlink(2) says */
export function removeFile(path: string | Buffer): void {
  unlessGone(() => unlinkSync(path));
}

/** undefined when what it is about is not there. */
export function unlessGone<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Of 256 directories that of a name in hex digits: none has too many names. */
export function shardedPath(dir: string, hex: string): string {
  // joined by hand: asked for all the time, and nothing in it is to be tidied up
  return `${dir}/${hex.slice(0, 2)}/${hex}`;
}

/** Renames, making the directories above. */
export function moveInto(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true, mode: 0o700 });
  renameSync(from, to);
}

function syncFile(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** While the thread does something else. @throws what open(2) and fsync(2) say */
export async function syncInBackground(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Makes a directory where there is none, with those above it. Node's own `recursive` never returns where mkdir says ENOENT of a directory whose
 * parent is there, as below /proc.
 */
export function makeDirectories(path: string, mode = 0o777): void {
  if (isDirectory(path)) return;
  if (dirname(path) !== path) makeDirectories(dirname(path), mode);
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    // Somebody else may have been faster.
    if (!isDirectory(path)) throw error;
  }
}

/** What cannot be looked at is none: making it says why. */
function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** Bytes below a top from which on a directory is looked into from nearer: well below what the kernel takes. */
export const LONG_PATH = 2048;
