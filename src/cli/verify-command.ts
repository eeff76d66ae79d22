import { BuildError } from '../errors.ts';
import type { BuildEvent, Renderer } from '../progress/index.ts';
import { plainText } from '../progress/render/words.ts';
import { displayPath } from '../util/rel-path.ts';
import { type VerifiedStep, type VerifyResult, verify } from '../verify.ts';
import { buildOptions } from './build-flags/options.ts';
import { type BuildFlags, parseBuildFlags } from './build-flags/parse.ts';
import type { CliContext } from './context.ts';
import { takeFormat } from './format-flag.ts';
import { HelpAsked } from './help-asked.ts';
import { tellNotes } from './notes.ts';
import { openRenderer, progressMode } from './renderer.ts';
import { writeStdout } from './streams.ts';

const HELP = `Usage: tsbuild verify [options] CONTEXT

Builds, from the cache where it can, then again without it, and compares: names
each step whose layer is not the same, and the files in it that are not, and
how. Nothing is written but to the cache. Exit status 0 when all is the same, 1
when it is not.

Options: those of a build; --reproducible and rewrite-timestamp=true settle
times here, too. And
  --format <format>  text or json
  -h, --help         print this help
`;

/** `tsbuild verify`: the two builds are shown as builds are, what they do not have in common is printed on stdout. */
export async function verifyCommand(argv: readonly string[], context: CliContext): Promise<number> {
  if (argv.includes('--help') || argv.includes('-h')) throw new HelpAsked(HELP);
  const { words, format } = takeFormat(argv);
  const flags = parseBuildFlags(words);
  tellNotes(flags);
  const result = await verifyShown(flags, context);
  await writeStdout(format === 'json' ? jsonText(result) : verifyText(result));
  return result.result === 'same' ? 0 : 1;
}

async function verifyShown(flags: BuildFlags, context: CliContext): Promise<VerifyResult> {
  for (const flag of ['report', 'trace', 'check', 'call'] as const)
    if (flags[flag] !== undefined)
      throw new BuildError('usage', `tsbuild verify has no --${flag}`, {
        hint: 'leave it out; --format json prints what was found',
      });
  const options = buildOptions(flags, context);
  const mode = progressMode(flags, context);
  let shown: Renderer | undefined;
  const emit = async () => {
    shown?.end();
    const renderer = await openRenderer(mode, context);
    shown = renderer;
    return (event: BuildEvent) => renderer.handle(event);
  };
  try {
    return await verify(options, { signal: context.signal, emit });
  } finally {
    shown?.end();
  }
}

const MOST_SHOWN = 20;

export function verifyText({ steps }: VerifyResult): string {
  const different = steps.filter(({ status }) => status === 'different');
  const count = steps.length === 1 ? '1 step' : `${steps.length} steps`;
  const lines = different.flatMap(stepLines);
  if (different.length === 0) lines.push(`the same again: ${count}`);
  else lines.push('', `${different.length} of ${count} ${different.length === 1 ? 'is' : 'are'} not the same again`);
  if (different.length > 0 && different.every(isOfTimes))
    lines.push('only times differ: --reproducible settles them (docs/reproducible.md)');
  return lines.map((line) => `${plainText(line)}\n`).join('');
}

function stepLines({ name, file, line, after, changes, changeCount }: VerifiedStep): string[] {
  const shown = changes.slice(0, MOST_SHOWN).map(changeLine);
  return [
    `${file}:${line}  ${name}`,
    ...(after.length === 0 ? [] : [`  stands on what is not the same: ${after.join(', ')}`]),
    ...shown,
    ...(changeCount > shown.length ? [`  … and ${changeCount - shown.length} more`] : []),
  ];
}

function changeLine({ path, kind, fields }: VerifiedStep['changes'][number]): string {
  const name = `/${displayPath(path)}`;
  if (kind !== 'changed') return `  ${name}  only in the ${kind === 'added' ? 'second' : 'first'} build`;
  return `  ${name}  ${fields.map(fieldText).join(', ')}`;
}

function fieldText({ name, before, after }: VerifiedStep['changes'][number]['fields'][number]): string {
  const isLong = name === 'content' || name === 'xattrs';
  return isLong ? name : `${name} ${before} → ${after}`;
}

function isOfTimes({ changes }: VerifiedStep): boolean {
  return changes.every(({ fields }) => fields.length === 1 && fields[0]?.name === 'mtime');
}

function jsonText({ result, steps }: VerifyResult): string {
  const shown = steps.map(({ changes, ...step }) => ({
    ...step,
    changes: changes.map((change) => ({ ...change, path: displayPath(change.path) })),
  }));
  return `${JSON.stringify({ schemaVersion: 1, result, steps: shown }, null, 2)}\n`;
}
