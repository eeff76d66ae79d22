import { randomUUID } from 'node:crypto';
import { accessSync, constants, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BuildError, isDiskFull } from '../errors.ts';
import { statIfThere } from '../host/fs/index.ts';
import { isFileOutput, type OutputSpec } from './output-spec.ts';
import { bytesOf, type Piece, writePieces } from './pieces.ts';
import { writeWhole } from './whole-file.ts';

export interface DestinationDeps {
  readonly stdout: (bytes: Uint8Array) => Promise<void>;
  readonly lease: string;
  readonly signal: AbortSignal;
}

/**
 * Writes a file whole or not at all. `-` is stdout; pipes and devices are written to directly. A
 * symlink's target is replaced, not the symlink.
 * @returns bytes written
 * @throws BuildError output-failed, disk-full
 */
export async function writeDestination(
  dest: string,
  source: AsyncIterable<Piece>,
  deps: DestinationDeps,
): Promise<number> {
  if (dest === '-') return copyTo(bytesOf(source), deps.stdout, deps.signal);
  const { path, isSpecial } = placeOf(dest);
  return isSpecial ? writeInto(path, { source, dest, ...deps }) : writeBeside(path, { source, dest, ...deps });
}

/**
 * Writes a text that is no output, such as a report, to a file in the same way.
 * @throws BuildError output-failed, disk-full
 */
export function writeText(dest: string, text: string): void {
  const { path, isSpecial } = placeOf(dest);
  const temp = isSpecial ? path : `${path}.tmp-${randomUUID()}`;
  try {
    writeFileSync(temp, text, { flag: isSpecial ? 'w' : 'wx' });
    if (!isSpecial) renameSync(temp, path);
  } catch (error) {
    if (!isSpecial) rmSync(temp, { force: true });
    throw outputFailed(dest, error);
  }
}

/**
 * Whether outputs can be written at all, as far as can be told beforehand: asked before work that may take minutes.
 * @throws BuildError output-failed
 */
export function checkDestinations(outputs: readonly Pick<OutputSpec, 'type' | 'dest' | 'tar'>[]): void {
  for (const { type, dest, tar } of outputs) {
    if (!isFileOutput({ type }) || dest === '-') continue;
    if (type === 'local' || tar === false) {
      assertDirectoryPlace(dest);
      continue;
    }
    const { path, isSpecial } = placeOf(dest);
    try {
      accessSync(isSpecial ? path : dirname(path), constants.W_OK);
    } catch (error) {
      throw outputFailed(dest, error);
    }
  }
}

/** A directory is made where there is none, with those above it. */
function assertDirectoryPlace(dest: string): void {
  let place = dest;
  while (statIfThere(place) === undefined && dirname(place) !== place) place = dirname(place);
  if (statIfThere(place)?.isDirectory() === false)
    throw new BuildError('output-failed', `cannot write ${dest}: ${place === dest ? 'it' : place} is not a directory`, {
      hint: 'remove it, or name another place',
    });
  try {
    accessSync(place, constants.W_OK);
  } catch (error) {
    throw outputFailed(dest, error);
  }
}

export function outputFailed(dest: string, error: unknown): BuildError {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const words = WORDS[code];
  return new BuildError(
    isDiskFull(error) ? 'disk-full' : 'output-failed',
    `cannot write ${dest}: ${words?.[0] ?? (error as Error).message}`,
    {
      hint: words?.[1],
      cause: error,
    },
  );
}

const WORDS: { readonly [code: string]: readonly [string, string] } = {
  ENOENT: ['its directory does not exist', 'make it first, or name another place'],
  ENOTDIR: ['a part of its path is not a directory', 'name another place'],
  EACCES: ['permission denied', 'name a place in a directory that you may write to'],
  EPERM: ['permission denied', 'name a place in a directory that you may write to'],
  EROFS: ['the file system is read-only', 'name a place elsewhere'],
  ENOSPC: ['no space left on the device', 'free some space, or run tsbuild prune'],
  EDQUOT: ['the disk quota is used up', 'free some space, or run tsbuild prune'],
  EISDIR: ['it is a directory', 'give a file name in it'],
  ENAMETOOLONG: ['the name is too long', 'give a shorter one'],
};

interface Writing extends DestinationDeps {
  readonly source: AsyncIterable<Piece>;
  readonly dest: string;
}

/** Where a destination is in truth. What is open without a name, such as the pipe behind /dev/stdout, is found by the kernel alone. */
function placeOf(dest: string): { path: string; isSpecial: boolean } {
  try {
    const stats = statSync(dest);
    if (stats.isDirectory())
      throw new BuildError('output-failed', `cannot write ${dest}: it is a directory`, {
        hint: `give a file name in it, or type=local for the image's files`,
      });
    const hasName = stats.isFile() && stats.nlink > 0;
    return hasName ? { path: realpathSync(dest), isSpecial: false } : { path: dest, isSpecial: true };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { path: dest, isSpecial: false };
    throw error instanceof BuildError ? error : outputFailed(dest, error);
  }
}

async function writeBeside(path: string, { source, dest, lease, signal }: Writing): Promise<number> {
  try {
    return await writeWhole(path, { lease, write: (file) => writePieces(source, file, { signal }) });
  } catch (error) {
    throw isFileError(error, dirname(path)) ? outputFailed(dest, error) : error;
  }
}

async function writeInto(path: string, { source, dest, signal }: Writing): Promise<number> {
  try {
    await using file = await open(path, 'w');
    return await writePieces(source, file, { signal });
  } catch (error) {
    throw isFileError(error, path) ? outputFailed(dest, error) : error;
  }
}

/** An error of writing, not of whatever the source does. */
function isFileError(error: unknown, path: string): boolean {
  const { code, syscall, path: where } = error as NodeJS.ErrnoException;
  if (error instanceof BuildError || code === undefined || syscall === undefined) return false;
  return where === undefined || where.startsWith(path);
}

async function copyTo(
  source: AsyncIterable<Uint8Array>,
  write: (bytes: Uint8Array) => Promise<void>,
  signal: AbortSignal,
): Promise<number> {
  let size = 0;
  for await (const chunk of source) {
    signal.throwIfAborted();
    await write(chunk);
    size += chunk.length;
  }
  return size;
}
