import { BuildError } from '../errors.ts';
import { PLANNED_FLAGS } from './build-flags/planned.ts';
import { REPEATED, SINGLE } from './build-flags/table.ts';
import type { CliContext } from './context.ts';

export type Command = (argv: readonly string[], context: CliContext) => Promise<number>;

interface CommandEntry {
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

export const COMMANDS = {
  build: {
    summary: 'build an image from a Dockerfile (the default)',
    load: async () => (await import('./build-command.ts')).buildCommand,
  },
  doctor: {
    summary: 'say what this machine can build, and how to mend what it cannot',
    load: async () => (await import('./doctor-command.ts')).doctorCommand,
  },
  explain: {
    summary: 'why each step of a build hit or missed, and how two builds differ',
    load: async () => (await import('./explain/explain-command.ts')).explainCommand,
  },
  history: {
    summary: 'list earlier builds, and show one again',
    load: async () => (await import('./history-command.ts')).historyCommand,
  },
  du: {
    summary: 'disk space by kind, image, Dockerfile and stage, age',
    load: async () => (await import('./du-command.ts')).duCommand,
  },
  prune: {
    summary: 'remove what no build and no image needs',
    load: async () => (await import('./prune-command.ts')).pruneCommand,
  },
  cache: {
    summary: 'check and mend the state directory',
    load: async () => (await import('./cache-command.ts')).cacheCommand,
  },
  context: {
    summary: 'what is in a build context, what each step takes of it, and which rules decide',
    load: async () => (await import('./context-command.ts')).contextCommand,
  },
  images: planned('images', 'list the images of this root'),
  verify: {
    summary: 'build again without the cache, and name the steps and files that differ',
    load: async () => (await import('./verify-command.ts')).verifyCommand,
  },
} as const satisfies Record<string, CommandEntry>;

export type CommandName = keyof typeof COMMANDS;

function planned(name: string, summary: string): CommandEntry {
  return {
    summary,
    load: () =>
      Promise.reject(
        new BuildError('not-supported-yet', `tsbuild ${name} is not built yet`, {
          hint: 'tsbuild --help lists what is',
        }),
      ),
  };
}

/** Options that take their value from the next word; needed to tell a command from a value. */
const VALUE_OPTIONS = new Set(
  [
    ...SINGLE,
    ...REPEATED,
    ...PLANNED_FLAGS.map(({ flags }) => [flags, ''] as const),
    ['--format <format>', ''] as const,
    ['--filter <filter>', ''] as const,
    ['--build <build>', ''] as const,
    ['--against <build>', ''] as const,
  ]
    .filter(([flags]) => flags.includes('<'))
    .flatMap(([flags]) => flags.split(/[ ,]+/).filter((word) => word.startsWith('-') && word !== '--pull')),
);

/** The first word that is no option and no option's value: a command's name, else everything is `build`'s. */
export function findCommand(argv: readonly string[]): { name: CommandName; rest: readonly string[] } {
  for (let index = 0; index < argv.length; index += 1) {
    const word = argv[index] ?? '';
    if (word === '--') break;
    if (VALUE_OPTIONS.has(word)) index += 1;
    else if (!word.startsWith('-') || word === '-') {
      if (Object.hasOwn(COMMANDS, word))
        return { name: word as CommandName, rest: [...argv.slice(0, index), ...argv.slice(index + 1)] };
      break;
    }
  }
  return { name: 'build', rest: argv };
}
