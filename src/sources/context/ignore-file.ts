import { readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { BuildError } from '../../errors.ts';
import { isErrno } from '../../host/fs/index.ts';
import { type IgnoreRule, InvalidRule, PATTERN_HINT, parseIgnoreLines } from '../../util/match/index.ts';
import { followedPath } from './followed-path.ts';

export interface IgnoreFile {
  /** Host path. */
  readonly path: string;
  /** As people know it: `.dockerignore`, or `name.dockerignore`. */
  readonly name: string;
  readonly rules: readonly IgnoreRule[];
}

/** @throws BuildError ignore-invalid, located at the line */
export function parseIgnoreFile(text: string, file: string): IgnoreRule[] {
  try {
    return parseIgnoreLines(text, file);
  } catch (error) {
    if (!(error instanceof InvalidRule)) throw error;
    throw new BuildError('ignore-invalid', `${file}:${error.line}: ${error.message}`, {
      range: { file, startLine: error.line, startColumn: 1, endLine: error.line, endColumn: error.text.length + 1 },
      hint:
        error.what === 'lone-exclamation'
          ? 'write the path that is to be included after all behind the "!", or remove the line'
          : PATTERN_HINT,
    });
  }
}

/**
 * The ignore file of a context: the Dockerfile's own (`<Dockerfile>.dockerignore` beside it) wins over the context's; they
 * are not merged. undefined when there is neither; what is no file is none, nor a link that leads out of the directory it lies in.
 * @throws BuildError ignore-invalid, context-invalid
 */
export function findIgnoreFile(contextDir: string, dockerfilePath?: string): IgnoreFile | undefined {
  const candidates = [join(contextDir, '.dockerignore')];
  if (dockerfilePath !== undefined)
    candidates.unshift(join(dirname(dockerfilePath), `${basename(dockerfilePath)}.dockerignore`));
  for (const path of candidates) {
    const text = readIfThere(path);
    if (text === undefined) continue;
    const name = basename(path);
    return { path, name, rules: parseIgnoreFile(text, name) };
  }
  return undefined;
}

function readIfThere(path: string): string | undefined {
  const followed = followedPath(path);
  try {
    return statSync(followed).isFile() ? readFileSync(followed, 'utf8') : undefined;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].some((code) => isErrno(error, code))) return undefined;
    throw new BuildError('context-invalid', `cannot read ${path}`, {
      cause: error,
      hint: 'make it a readable file, or remove it',
    });
  }
}
