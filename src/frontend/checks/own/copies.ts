import { posix } from 'node:path';
import type { CopyInstruction } from '../../ast.ts';

/** COPY and ADD of files that the build context holds. */
export function contextSources({ flags, sources }: CopyInstruction): readonly string[] {
  if (flags.some(({ name }) => name === 'from')) return [];
  return sources.map(({ text }) => unquoted(text)).filter((source) => !/^<<|:\/\//.test(source));
}

/** `COPY . .`: every change of any file counts. */
export function isWholeContext(instruction: CopyInstruction): boolean {
  return contextSources(instruction).some((source) => WHOLE.has(source));
}

/** Absolute; undefined when only the build knows. */
export function placeOf(path: string, workdir: string | undefined): string | undefined {
  const plain = unquoted(path);
  if (plain.includes('$') || (workdir === undefined && !posix.isAbsolute(plain))) return undefined;
  return posix.resolve('/', workdir ?? '', plain);
}

export function isBelow(path: string, directory: string): boolean {
  return path === directory || directory === '/' || path.startsWith(`${directory}/`);
}

const WHOLE: ReadonlySet<string> = new Set(['.', './', '/', '*', './*']);

function unquoted(text: string): string {
  return text.replace(/^(["'])(.*)\1$/s, '$2');
}
