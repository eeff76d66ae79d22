import { Command, Option } from 'commander';
import { BuildError } from '../../errors.ts';
import { parseWords } from '../parse-words.ts';
import { VERSION } from '../version.ts';
import { withoutEmpty } from './empty.ts';
import { IGNORED_FLAGS, ignoredNotes } from './ignored.ts';
import { PLANNED_FLAGS } from './planned.ts';
import { resourceNotes } from './resources.ts';
import { OPPOSITES, plainSwitch } from './switches.ts';
import { REPEATED, SINGLE } from './table.ts';

/** The words of the command line, by flag, as text; see options.ts for what they mean. */
export interface BuildFlags {
  readonly context: string;
  readonly tag?: readonly string[];
  readonly file?: string;
  readonly buildArg?: readonly string[];
  readonly target?: string;
  readonly platform?: readonly string[];
  readonly label?: readonly string[];
  readonly annotation?: readonly string[];
  readonly buildContext?: readonly string[];
  readonly secret?: readonly string[];
  readonly device?: readonly string[];
  readonly secretLeak?: string;
  readonly ssh?: readonly string[];
  readonly cache?: boolean;
  readonly noCacheFilter?: readonly string[];
  readonly failOnMiss?: readonly string[];
  readonly paranoid?: boolean;
  readonly pull?: string;
  readonly network?: string;
  readonly addHost?: readonly string[];
  readonly dns?: readonly string[];
  readonly ulimit?: readonly string[];
  readonly shmSize?: string;
  readonly memory?: string;
  readonly cpus?: string;
  readonly resource?: readonly string[];
  readonly cacheMax?: string;
  readonly stepTimeout?: string;
  readonly allow?: readonly string[];
  readonly output?: readonly string[];
  readonly reproducible?: boolean;
  readonly push?: boolean;
  readonly load?: boolean;
  readonly progress?: string;
  readonly quiet?: boolean;
  readonly iidfile?: string;
  readonly metadataFile?: string;
  readonly call?: string;
  readonly check?: boolean;
  readonly checkRules?: string;
  readonly root?: string;
  readonly report?: readonly string[];
  readonly trace?: string;
  readonly jobs?: string;
  readonly ca?: string;
  readonly registryMirror?: readonly string[];
  readonly ociRuntime?: string;
  readonly lower?: string;
  /** What is to be said of flags that have no effect. */
  readonly notes: readonly string[];
}

/** @throws HelpAsked, BuildError usage, not-supported-yet */
export function parseBuildFlags(argv: readonly string[]): BuildFlags {
  return withContext(parseBuildWords(argv));
}

/** The flags of a build beside the words that belong to none of them. */
export interface BuildWords {
  readonly flags: Omit<BuildFlags, 'context'>;
  readonly words: readonly string[];
  /** What is to be said when there are too many words. */
  readonly hint: string;
}

/** @throws HelpAsked, BuildError usage, not-supported-yet */
export function parseBuildWords(argv: readonly string[]): BuildWords {
  const command = buildParser();
  parseWords(command, withOwnValues(argv));
  const flags = withoutEmpty(command.opts<Omit<BuildFlags, 'context' | 'notes'> & Record<string, unknown>>());
  refusePlanned(flags);
  const notes = [...ignoredNotes(flags), ...resourceNotes(flags.resource ?? [])];
  return { flags: { ...flags, notes }, words: command.args, hint: hintOf(argv, command.args) };
}

/** Exactly one word, which is the build context. @throws BuildError usage */
export function withContext({ flags, words, hint }: BuildWords): BuildFlags {
  const [context, ...more] = words;
  if (context === undefined || (context === '' && more.length === 0))
    throw new BuildError('usage', 'a build context is missing', { hint: 'give a directory, e.g. tsbuild -t app .' });
  if (more.length > 0)
    throw new BuildError(
      'usage',
      `one build context is expected, ${words.length} words were given: ${words.join(' ')}`,
      { hint },
    );
  return { ...flags, context };
}

/** A flag that takes its value with `=` alone has left it behind as a word. */
function hintOf(argv: readonly string[], [first = '']: readonly string[]): string {
  const flag = argv.find((word, index) => ALONE.has(word) && argv[index + 1] === first);
  if (flag !== undefined) return `the value of ${flag} stands behind =, e.g. ${flag}=${first}`;
  return 'a command, such as build, comes first; values that have spaces need quotes';
}

function buildParser(): Command {
  const list = (value: string, before: readonly string[] | undefined): readonly string[] => [...(before ?? []), value];
  const command = new Command('tsbuild')
    .usage(
      '[build] [options] CONTEXT\n       tsbuild context ls|du [options] CONTEXT\n       tsbuild verify [options] CONTEXT\n       tsbuild explain [STEP] [options]\n       tsbuild history [show ID]\n       tsbuild du\n       tsbuild prune [options]\n       tsbuild cache check\n       tsbuild doctor',
    )
    .description('Builds an image from a Dockerfile and a build context.')
    .version(VERSION, '-v, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .argument('[context...]', 'a directory, a git or http URL, or - for a tar or Dockerfile on stdin');
  for (const [flags, text] of SINGLE) command.option(flags, text);
  for (const [flags, text] of REPEATED) {
    const option = new Option(flags, text).argParser(list);
    // --no-cache-filter is a flag of its own, not the negation of one
    option.negate = false;
    command.addOption(option);
  }
  for (const { flags } of IGNORED_FLAGS) command.addOption(new Option(flags).hideHelp());
  for (const flags of OPPOSITES) command.addOption(new Option(flags).hideHelp());
  for (const flag of PLANNED_FLAGS) command.addOption(new Option(flag.flags).argParser(list).hideHelp());
  return command;
}

/** `--pull` and `--fail-on-miss` take a value only with `=`; so do switches, where it says whether. `-t=app` is `-t app`. */
function withOwnValues(argv: readonly string[]): string[] {
  return argv.map((word) => ALONE.get(word) ?? plainSwitch(word).replace(/^(-[A-Za-z])=(?=.)/s, '$1'));
}

const ALONE: ReadonlyMap<string, string> = new Map([
  ['--pull', '--pull=always'],
  ['--fail-on-miss', '--fail-on-miss='],
]);

function refusePlanned(flags: Record<string, unknown>): void {
  for (const { flags: text, name, hint, isMet } of PLANNED_FLAGS) {
    if (wishesOf(flags[name]).every((wish) => isMet?.(wish) === true)) continue;
    const flag = /--[a-z-]+/.exec(text)?.[0] ?? text;
    throw new BuildError('not-supported-yet', `${flag} is not built yet`, { hint });
  }
}

/** A flag without a value is `true`. */
function wishesOf(value: unknown): readonly string[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? (value as readonly string[]) : ['true'];
}
