import { resolve } from 'node:path';
import type { SecretSource } from '../../build-options.ts';
import { BuildError } from '../../errors.ts';
import type { CliContext } from '../context.ts';
import { pairs } from '../values.ts';
import { existing } from './existing.ts';

type Surroundings = Pick<CliContext, 'cwd' | 'env'>;

/** `--secret` by id, of which the last counts. @throws BuildError usage; secret-missing for a file that is not there */
export function secretSources(texts: readonly string[], surroundings: Surroundings): ReadonlyMap<string, SecretSource> {
  return new Map(texts.filter((text) => text !== '').map((text) => secretSource(text, surroundings)));
}

/** `env` names a variable, `src` a file; neither: a variable named like the id, else such a file. A variable that is not set is empty. */
function secretSource(text: string, { cwd, env }: Surroundings): [string, SecretSource] {
  const { id, source, variable } = secretFields(text);
  if (variable !== undefined) return [id, { kind: 'env', value: env[variable] ?? '' }];
  const value = source === undefined ? env[id] : undefined;
  if (value !== undefined) return [id, { kind: 'env', value }];
  return [id, { kind: 'file', path: existing(`secret ${id}:`, resolve(cwd, source ?? id), 'secret-missing') }];
}

function secretFields(text: string): { id: string; source: string | undefined; variable: string | undefined } {
  const fields = pairs('--secret', text, ['id', 'src', 'source', 'env', 'type']);
  const given = (key: string): string | undefined => fields.get(key) || undefined;
  const type = fields.get('type') ?? 'file';
  if (type !== 'file' && type !== 'env')
    throw new BuildError('usage', `--secret: unsupported secret type ${JSON.stringify(type)}`, {
      hint: 'it takes type=file and type=env',
    });
  const id = given('id');
  if (id === undefined)
    throw new BuildError('usage', '--secret needs an id', { hint: 'e.g. --secret id=npmrc,src=.npmrc' });
  const source = given('src') ?? given('source');
  return { id, source, variable: given('env') ?? (type === 'env' ? source : undefined) };
}
