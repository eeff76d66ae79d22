import { resolve } from 'node:path';
import type { CheckedRoot } from '../../cache/index.ts';
import { BuildError } from '../errors.ts';
import { plainText } from '../progress/index.ts';
import { checkCache } from '../session/check-cache.ts';
import type { CliContext } from './context.ts';
import { rootDirectory } from './environment.ts';
import { parseCommand } from './parse-command.ts';
import { stderr, writeStdout } from './streams.ts';
import { oneOf } from './values.ts';

/** `tsbuild cache check`: reads everything, removes what is damaged. 1 when something was. */
export async function cacheCommand(argv: readonly string[], context: CliContext): Promise<number> {
  const { flags, words } = parseCommand<{ root?: string; format?: string; dryRun?: boolean }>(
    {
      name: 'cache',
      usage: 'check [options]',
      description:
        'Reads everything in the state directory and removes what is damaged: the steps that need it run again. Exit status 1 when something was.',
      options: [
        ['--root <dir>', 'state directory'],
        ['--dry-run', 'remove nothing'],
        ['--format <format>', 'text or json'],
      ],
    },
    argv,
  );
  if (words.join(' ') !== 'check')
    throw new BuildError('usage', 'tsbuild cache takes check', { hint: 'see tsbuild cache --help' });
  const isJson = oneOf('--format', flags.format ?? 'text', ['text', 'json']) === 'json';
  const checked = await checkCache(resolve(context.cwd, rootDirectory(flags.root, context.env)), {
    isDryRun: flags.dryRun === true,
    signal: context.signal,
    warn: (message) => void stderr().write(`warning: ${plainText(message)}\n`),
  });
  await writeStdout(isJson ? `${JSON.stringify({ schemaVersion: 1, ...checked }, null, 2)}\n` : checkText(checked));
  return checked.damages.length === 0 ? 0 : 1;
}

export function checkText({ counts, damages }: CheckedRoot): string {
  const looked = Object.entries(counts).map(([kind, count]) => `${count} ${kind}${count === 1 ? '' : 's'}`);
  return [
    ...damages.map(({ kind, path, what, isMended }) => `${kind} ${path}: ${what}; ${isMended ? 'removed' : 'left'}`),
    `${looked.join(', ')} checked: ${damages.length === 0 ? 'all whole' : `${damages.length} damaged`}`,
  ]
    .map((line) => `${plainText(line)}\n`)
    .join('');
}
