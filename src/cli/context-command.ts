import { type ContextListing, type ListedFile, listContext } from '../context-listing.ts';
import { BuildError } from '../errors.ts';
import { paddedSize, plainText, sizeText } from '../progress/render/words.ts';
import { buildOptions } from './build-flags/options.ts';
import { parseBuildWords, withContext } from './build-flags/parse.ts';
import type { CliContext } from './context.ts';
import { takeFormat } from './format-flag.ts';
import { HelpAsked } from './help-asked.ts';
import { tellNotes } from './notes.ts';
import { writeStdout } from './streams.ts';

const HELP = `Usage: tsbuild context ls [options] CONTEXT
       tsbuild context du [options] CONTEXT

ls  every file of the context: its size, the steps that take it, the rule that
    decided
du  what each step takes, the heaviest files, and what no step uses

Options: those of a build that say what it is (-f, --target, --build-arg, ...),
and
  --format <format>  text or json
  -h, --help         print this help
`;

/** `tsbuild context ls|du`: looks into the main context without building. */
export async function contextCommand(argv: readonly string[], context: CliContext): Promise<number> {
  if (argv.includes('--help') || argv.includes('-h')) throw new HelpAsked(HELP);
  const { words: given, format } = takeFormat(argv);
  const parsed = parseBuildWords(given);
  const [what, ...words] = parsed.words;
  if (what !== 'ls' && what !== 'du')
    throw new BuildError('usage', 'tsbuild context takes ls or du', { hint: 'see tsbuild context --help' });
  const flags = withContext({ ...parsed, words });
  tellNotes(flags);
  const listing = await listContext(buildOptions(flags, context), { signal: context.signal });
  const text = what === 'ls' ? lsText(listing) : duText(listing);
  await writeStdout(format === 'json' ? `${JSON.stringify({ schemaVersion: 1, ...listing }, null, 2)}\n` : text);
  return 0;
}

export function lsText({ files }: ContextListing): string {
  return files
    .map((file) => `${paddedSize(file.size)}  ${nameOf(file)}  ${noteOf(file)}`.trimEnd())
    .map(lineOf)
    .join('');
}

const HEAVIEST = 10;

export function duText({ files, steps }: ContextListing): string {
  const inside = files.filter((file) => !file.isIgnored && file.type !== 'directory');
  const unused = inside.filter((file) => file.steps.length === 0);
  const ignored = files.filter((file) => file.isIgnored);
  return [
    `${totalText(inside)} in the context, ${ignored.length} ignored names`,
    ...(steps.length === 0 ? [] : ['', 'taken by']),
    ...steps.map(({ at, name, bytes, files: count, error }) =>
      error === undefined
        ? `${paddedSize(bytes)}  ${at}  ${name} (${count === 1 ? '1 file' : `${count} files`})`
        : `        -  ${at}  ${name}: ${error}`,
    ),
    '',
    'heaviest',
    ...heaviest(inside),
    '',
    `used by no step: ${totalText(unused)}`,
    ...heaviest(unused),
  ]
    .map(lineOf)
    .join('');
}

function heaviest(files: readonly ListedFile[]): string[] {
  return [...files]
    .sort((a, b) => b.size - a.size || (a.path < b.path ? -1 : 1))
    .slice(0, HEAVIEST)
    .map((file) => `${paddedSize(file.size)}  ${nameOf(file)}`);
}

function totalText(files: readonly ListedFile[]): string {
  return `${files.length} files, ${sizeText(files.reduce((sum, { size }) => sum + size, 0))}`;
}

function nameOf({ path, type }: ListedFile): string {
  return type === 'directory' ? `${path}/` : path;
}

function noteOf({ isIgnored, rule, steps, type }: ListedFile): string {
  if (isIgnored) return `ignored by ${rule ?? 'this build: it writes it'}`;
  const taken = steps.length > 0 ? steps.join(', ') : type === 'directory' ? '' : 'unused';
  return rule === undefined ? taken : `${taken}  (${rule})`;
}

function lineOf(text: string): string {
  return `${plainText(text)}\n`;
}
