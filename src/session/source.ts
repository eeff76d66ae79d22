import { lstatSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { BuildOptions } from '../build-options.ts';
import { BuildError } from '../errors.ts';
import { statIfThere } from '../host/fs/index.ts';
import { followedPath } from '../sources/context/index.ts';

/** The Dockerfile's text and the name that messages give it. */
export interface DockerfileSource {
  readonly file: string;
  readonly text: Uint8Array;
  /** Host path, when it has one: its own ignore file lies beside it. */
  readonly path?: string;
}

export const MAX_DOCKERFILE_BYTES = 16 * 1024 * 1024;

/** The main context's directory. @throws BuildError context-missing */
export function contextDirectory({ context, cwd }: Pick<BuildOptions, 'context' | 'cwd'>): string {
  const dir = resolve(cwd, context);
  assertDirectory(dir, {
    what: `the build context ${context}`,
    hint: 'give the directory that holds the Dockerfile, a URL, or - for stdin',
  });
  return dir;
}

/** @throws BuildError context-missing, whose message begins with `what` */
export function assertDirectory(dir: string, { what, hint }: { readonly what: string; readonly hint: string }): void {
  const problem = directoryProblem(dir);
  if (problem !== undefined) throw new BuildError('context-missing', `${what} ${problem}`, { hint });
}

function directoryProblem(dir: string): string | undefined {
  try {
    return statSync(dir).isDirectory() ? undefined : 'is not a directory';
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'does not exist' : `cannot be read: ${describe(error, dir)}`;
  }
}

/**
 * `-f FILE`, else CONTEXT/Dockerfile; a `dockerfile` where there is no `Dockerfile`. Links are followed within the directory that it
 * lies in, and nowhere else; a pipe is read.
 * @throws BuildError dockerfile-missing, context-invalid
 */
export function findDockerfile(contextDir: string, options: Pick<BuildOptions, 'file' | 'cwd'>): DockerfileSource {
  const { file: given = 'Dockerfile' } = options;
  const dirs = options.file === undefined ? [contextDir] : [options.cwd, contextDir];
  const candidates = dirs.flatMap((dir) => spellings(given).map((name) => ({ file: name, path: resolve(dir, name) })));
  const [first = { file: given, path: given }] = candidates;
  const { file, path } =
    candidates.find((candidate) => isFile(candidate.path)) ??
    candidates.find((candidate) => isLink(candidate.path)) ??
    first;
  const followed = whereItLies(path);
  try {
    if (statSync(followed).size > MAX_DOCKERFILE_BYTES)
      throw new BuildError('dockerfile-missing', `${file} is larger than 16 MiB: no Dockerfile`);
    return { file, path, text: readFileSync(followed) };
  } catch (error) {
    if (error instanceof BuildError) throw error;
    const isDenied = (error as NodeJS.ErrnoException).code === 'EACCES';
    throw new BuildError('dockerfile-missing', `${file} cannot be read: ${describe(error, path)}`, {
      cause: error,
      hint: isDenied ? 'make it readable for this user' : 'name the Dockerfile with -f FILE',
    });
  }
}

function isFile(path: string): boolean {
  return isPipe(path) || statSync(whereItLies(path), { throwIfNoEntry: false })?.isFile() === true;
}

/** A shell's `<(…)` is a link to a pipe, which lies in no directory. */
function whereItLies(path: string): string | Buffer {
  return isPipe(path) ? path : followedPath(path);
}

function isPipe(path: string): boolean {
  return statIfThere(path)?.isFIFO() === true;
}

/** A file called Dockerfile may be called dockerfile. */
export function spellings(file: string): readonly string[] {
  return basename(file) === 'Dockerfile' ? [file, join(dirname(file), 'dockerfile')] : [file];
}

function describe(error: unknown, path: string): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return isLink(path) ? 'a link to what is not in its directory' : 'no such file';
  if (code === 'EISDIR') return 'it is a directory';
  if (code === 'EACCES') return 'permission denied';
  return (error as Error).message;
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

/** A Dockerfile as it comes in. @throws BuildError context-invalid for one that is too large */
export async function readDockerfile(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of source) {
    size += chunk.length;
    if (size > MAX_DOCKERFILE_BYTES)
      throw new BuildError('context-invalid', `the Dockerfile holds more than ${MAX_DOCKERFILE_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
