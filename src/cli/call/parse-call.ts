import { BuildError } from '../../errors.ts';
import { oneOf } from '../values.ts';

/** What --call asks for instead of an image. */
export interface Call {
  readonly method: 'check' | 'outline' | 'targets';
  readonly format: 'text' | 'json';
  /** Warnings do not make the exit status 1. */
  readonly ignoresStatus: boolean;
}

const METHODS = ['build', 'check', 'lint', 'outline', 'targets'] as const;

/** `check`, `outline,format=json`. @returns undefined for a build. @throws BuildError usage */
export function parseCall({ call, check }: { call?: string; check?: boolean }): Call | undefined {
  if (check === true && call !== undefined && call !== 'check')
    throw new BuildError('usage', `--check is --call=check, and --call=${call} is something else`);
  const text = call ?? (check === true ? 'check' : 'build');
  const [name = '', ...fields] = text.split(',');
  const method = oneOf('--call', name.replace(/^method=/, ''), METHODS);
  const options = new Map(fields.map(splitField));
  for (const key of options.keys()) oneOf('--call', key, ['format', 'ignorestatus']);
  const format = oneOf('--call format', options.get('format') ?? 'text', ['text', 'json']);
  const ignoresStatus =
    oneOf('--call ignorestatus', options.get('ignorestatus') ?? 'false', ['true', 'false']) === 'true';
  if (method === 'build') return undefined;
  return { method: method === 'lint' ? 'check' : method, format, ignoresStatus };
}

function splitField(field: string): [string, string] {
  const at = field.indexOf('=');
  return at < 0 ? [field, 'true'] : [field.slice(0, at), field.slice(at + 1)];
}
