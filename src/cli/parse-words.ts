import { type Command, CommanderError } from 'commander';
import { HelpAsked } from './help-asked.ts';
import { usageError } from './usage-error.ts';

/** Lets commander read the words of a command; its options and args are there afterwards. @throws HelpAsked, BuildError usage */
export function parseWords(command: Command, argv: readonly string[]): void {
  let shown = '';
  command.exitOverride().configureOutput({
    writeOut: (text) => {
      shown += text;
    },
    writeErr: () => undefined,
  });
  try {
    command.parse(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    throw error.exitCode === 0 ? new HelpAsked(shown) : usageError(error, command.name());
  }
}
