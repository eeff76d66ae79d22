import type { SourceRange } from '../../../src/errors.ts';
import type { Dockerfile, Instruction } from '../../../src/frontend/ast.ts';
import { parseDockerfile } from '../../../src/frontend/parse/index.ts';

export function parse(text: string | Uint8Array): Dockerfile {
  return parseDockerfile(text, { file: 'Dockerfile' });
}

/** The instructions of a text that has no error; throws the first one. */
export function read(text: string): readonly Instruction[] {
  const { instructions, errors } = parse(text);
  const [error] = errors;
  if (error !== undefined) throw error;
  return instructions;
}

/** The instruction behind a FROM, of the wanted kind. */
export function one<K extends Instruction['kind']>(kind: K, text: string): Instruction & { readonly kind: K } {
  const instruction = read(`FROM a\n${text}`)[1];
  if (instruction?.kind !== kind) throw new Error(`not ${kind}: ${instruction?.kind ?? 'nothing'}`);
  return instruction as Instruction & { readonly kind: K };
}

/** `line:column-line:column` */
export function place(range: SourceRange | undefined): string {
  if (range === undefined) return 'nowhere';
  return `${range.startLine}:${range.startColumn}-${range.endLine}:${range.endColumn}`;
}

/** `place code message` of every error. */
export function problems(text: string | Uint8Array): readonly string[] {
  return parse(text).errors.map(({ range, code, message }) => `${place(range)} ${code} ${message}`);
}

/** What stands in the range. */
export function textAt(text: string, range: SourceRange): string {
  const lines = text.split('\n');
  const picked = lines.slice(range.startLine - 1, range.endLine);
  const last = picked.length - 1;
  picked[last] = (picked[last] ?? '').slice(0, range.endColumn - 1);
  picked[0] = (picked[0] ?? '').slice(range.startColumn - 1);
  return picked.join('\n');
}
