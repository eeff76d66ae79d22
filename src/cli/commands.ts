import { BuildError } from '../errors.ts';
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

/** Options of every command, which may come before it. */
const BEFORE_COMMAND = /^(--root(=.*)?|--help|-h)$/s;

/**
 * The first word is a command's name, or all is `build`'s: after an option of a build, a word is the build context even if a command
 * is called so. `help COMMAND` is `COMMAND --help`.
 */
export function findCommand(argv: readonly string[]): { name: CommandName; rest: readonly string[] } {
  const at = commandAt(argv);
  const [word = '', of = ''] = argv.slice(at);
  if (word === 'help') return { name: isCommand(of) ? of : 'build', rest: ['--help'] };
  return isCommand(word) ? { name: word, rest: argv.toSpliced(at, 1) } : { name: 'build', rest: argv };
}

/** What was meant by a first word that is no command, where that is likely. */
export async function meantCommand(argv: readonly string[]): Promise<string | undefined> {
  const word = argv[commandAt(argv)] ?? '';
  if (!/^[a-z]{4,}$/.test(word)) return undefined;
  const { didYouMean } = await import('../util/did-you-mean.ts');
  return didYouMean(word, Object.keys(COMMANDS));
}

/** Where a command stands, if there is one. */
function commandAt(argv: readonly string[]): number {
  let at = 0;
  while (BEFORE_COMMAND.test(argv[at] ?? '')) at += argv[at] === '--root' ? 2 : 1;
  return at;
}

function isCommand(word: string): word is CommandName {
  return Object.hasOwn(COMMANDS, word);
}
