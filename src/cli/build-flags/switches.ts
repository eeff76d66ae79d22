import { BuildError } from '../../errors.ts';
import { parseGoBool } from '../../util/go-bool.ts';
import { IGNORED_FLAGS } from './ignored.ts';
import { SINGLE } from './table.ts';

/** Flags without a value, by each of their spellings: what the parser calls the flag, and what its opposite. */
const SWITCHES = new Map(
  [...SINGLE.map(([flags]) => flags), ...IGNORED_FLAGS.map(({ flags }) => flags)]
    .filter((flags) => !/[<[]/.test(flags))
    .flatMap((flags) => {
      const words = flags.split(', ');
      const name = words.at(-1) ?? flags;
      return words.map((word) => [word, { name, opposite: oppositeOf(name) }] as const);
    }),
);

/** What must be defined so that a switch can be switched off. */
export const OPPOSITES: readonly string[] = [...new Set([...SWITCHES.values()].map(({ opposite }) => opposite))];

function oppositeOf(name: string): string {
  return name.startsWith('--no-') ? `--${name.slice('--no-'.length)}` : `--no-${name.slice('--'.length)}`;
}

/** `--push=false`, `-q=1`: a switch with a value of its own, as the parser calls it. @throws BuildError usage */
export function plainSwitch(word: string): string {
  const equals = word.indexOf('=');
  const found = equals < 0 ? undefined : SWITCHES.get(word.slice(0, equals));
  if (found === undefined) return word;
  const isOn = parseGoBool(word.slice(equals + 1));
  if (isOn === undefined)
    throw new BuildError('usage', `${word} is neither true nor false`, { hint: `write ${found.name} or leave it out` });
  return isOn ? found.name : found.opposite;
}
