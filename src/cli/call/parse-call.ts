import { BuildError } from '../../errors.ts';
import { splitCsv } from '../../util/csv.ts';
import { parseGoBool } from '../../util/go-bool.ts';
import { oneOf } from '../values.ts';

/** What --call asks for instead of an image. */
export interface Call {
  readonly method: 'check' | 'outline' | 'targets';
  readonly format: 'text' | 'json';
  /** Warnings do not make the exit status 1. */
  readonly ignoresStatus: boolean;
}

const METHODS = ['build', 'check', 'lint', 'outline', 'targets'] as const;

/** `check`, `outline,format=json`, in any order. @returns undefined for a build. @throws BuildError usage */
export function parseCall({ call, check }: { call?: string; check?: boolean }): Call | undefined {
  if (check === true && call !== undefined && call !== 'check')
    throw new BuildError('usage', `--check is --call=check, and --call=${call} is something else`, {
      hint: 'give one of the two',
    });
  const { name, options } = readCall(call || (check === true ? 'check' : 'build'));
  const method = oneOf('--call', name, METHODS);
  const format = oneOf('--call format', options.get('format') ?? 'text', ['text', 'json']);
  const ignoresStatus = parseGoBool(options.get('ignorestatus') ?? 'false');
  if (ignoresStatus === undefined)
    throw new BuildError('usage', '--call: ignorestatus is neither true nor false', { hint: HINT });
  if (method === 'build') return undefined;
  return { method: method === 'lint' ? 'check' : method, format, ignoresStatus };
}

/** The one word that stands without a value, and the others with theirs. */
function readCall(text: string): { name: string; options: ReadonlyMap<string, string> } {
  const fields = splitCsv(text) ?? [];
  const [name = '', ...more] = fields.filter((field) => !field.includes('='));
  if (more.length > 0)
    throw new BuildError('usage', `--call ${JSON.stringify(text)} names more than one method`, { hint: HINT });
  const options = new Map(fields.filter((field) => field.includes('=')).map(splitField));
  for (const key of options.keys()) oneOf('--call', key, ['format', 'ignorestatus']);
  return { name, options };
}

const HINT = 'e.g. --call=check,format=json,ignorestatus=true';

function splitField(field: string): [string, string] {
  const at = field.indexOf('=');
  return [field.slice(0, at), field.slice(at + 1)];
}
