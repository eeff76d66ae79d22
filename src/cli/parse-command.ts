import { Command } from 'commander';
import { BuildError } from '../errors.ts';
import { parseWords } from './parse-words.ts';

export interface CommandWords<Flags> {
  readonly flags: Flags;
  readonly words: readonly string[];
}

export interface CommandForm {
  /** `history`; errors point to its help. */
  readonly name: string;
  readonly usage: string;
  readonly description: string;
  /** `--format <format>` and what it is. */
  readonly options: readonly (readonly [flags: string, description: string])[];
  /** Options that may be given more than once. */
  readonly repeated?: readonly (readonly [flags: string, description: string])[];
}

/** The words of a command that is not `build`. @throws HelpAsked, BuildError usage */
export function parseCommand<Flags extends object>(
  { name, usage, description, options, repeated = [] }: CommandForm,
  argv: readonly string[],
): CommandWords<Flags> {
  const command = new Command(`tsbuild ${name}`)
    .usage(usage)
    .description(description)
    .allowExcessArguments()
    .helpOption('-h, --help', 'print this help');
  for (const [flags, text] of options) command.option(flags, text);
  for (const [flags, text] of repeated)
    command.option(flags, text, (value: string, before: readonly string[] | undefined) => [...(before ?? []), value]);
  parseWords(command, argv);
  return { flags: command.opts<Flags>(), words: command.args };
}

/** @throws BuildError usage */
export function assertNoWords(words: readonly string[], command: string): void {
  if (words.length > 0)
    throw new BuildError('usage', `tsbuild ${command} takes no words: ${words.join(' ')}`, {
      hint: `see tsbuild ${command} --help`,
    });
}
