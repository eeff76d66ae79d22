import type { CommanderError } from 'commander';
import { BuildError } from '../errors.ts';

/** What commander found wrong with the words of `command`; what was meant, where that is likely. */
export function usageError({ message }: CommanderError, command: string): BuildError {
  const [text = '', meant] = message.replace(/^error: /, '').split(/\n\(D(?=id you mean )/);
  return new BuildError('usage', text, {
    hint: meant === undefined ? `see ${command} --help` : `d${meant.replace(/\)$/, '')}`,
  });
}
