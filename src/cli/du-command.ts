import type { Share, SpaceUsage } from '../../cache/index.ts';
import { agoText, paddedSize, plainText, sizeText } from '../progress/index.ts';
import { clip } from '../progress/render/width.ts';
import { type MeasuredSpace, measureSpace } from '../session/space.ts';
import { nowMs } from '../util/clock.ts';
import type { CliContext } from './context.ts';
import { rootToRead } from './environment.ts';
import { assertNoWords, parseCommand } from './parse-command.ts';
import { writeStdout } from './streams.ts';
import { oneOf } from './values.ts';

/** `tsbuild du`: bytes on disk, by kind, image, Dockerfile and stage, failed RUN, age. */
export async function duCommand(argv: readonly string[], context: CliContext): Promise<number> {
  const { flags, words } = parseCommand<{ root?: string; format?: string }>(
    {
      name: 'du',
      usage: '[options]',
      description: 'Says what takes the space of the state directory: bytes on disk, as du counts them.',
      options: [
        ['--root <dir>', 'state directory'],
        ['--format <format>', 'text or json'],
      ],
    },
    argv,
  );
  assertNoWords(words, 'du');
  const format = oneOf('--format', flags.format ?? 'text', ['text', 'json']);
  const usage = measureSpace(rootToRead(flags.root, context));
  await writeStdout(
    format === 'json' ? `${JSON.stringify({ schemaVersion: 1, ...usage }, null, 2)}\n` : duText(usage, nowMs()),
  );
  return 0;
}

export function duText(
  { bytes, kinds, images, dockerfiles, failures, ages, unreadable }: MeasuredSpace,
  now: number,
): string {
  return [
    `${paddedSize(bytes)}  in all`,
    ...unreadable.map((dir) => `        ?  ${dir} cannot be read and is not counted`),
    ...section(
      'by kind',
      kinds.filter((one) => one.bytes > 0).map((one) => row(one.bytes, one.kind)),
    ),
    ...section('by image', images.map(shareRow)),
    ...section(
      'by Dockerfile and stage',
      dockerfiles.flatMap((one) => [shareRow(one), ...one.stages.map((stage) => `  ${shareRow(stage)}`)]),
    ),
    ...section(
      'failed RUNs',
      failures.map((one) => row(one.bytes, failureText(one, now))),
    ),
    ...section(
      'last used',
      ages.map((one) => row(one.bytes, AGE_TEXTS[one.age])),
    ),
  ]
    .map((line) => `${plainText(line)}\n`)
    .join('');
}

/** `f-0a1b2c  [build 4/6] RUN npm ci  (exit code 1, 5 min ago)` */
function failureText({ id, step, atMs, exitCode }: MeasuredSpace['failures'][number], now: number): string {
  if (step === undefined || atMs === undefined) return id;
  const how = exitCode === undefined ? 'took too long' : `exit code ${exitCode}`;
  return `${id}  ${clip(step.replace(/\s+/g, ' '), MAX_STEP)}  (${how}, ${agoText(now - atMs)})`;
}

const MAX_STEP = 60;

const AGE_TEXTS: { readonly [age in SpaceUsage['ages'][number]['age']]: string } = {
  hour: 'within the last hour',
  day: 'within the last day',
  week: 'within the last week',
  month: 'within the last 30 days',
  older: 'before',
};

function section(title: string, rows: readonly string[]): string[] {
  return rows.length === 0 ? [] : ['', title, ...rows];
}

function shareRow({ name, bytes, sharedBytes }: Share): string {
  return row(bytes, sharedBytes === 0 ? name : `${name}  (${sizeText(sharedBytes)} shared)`);
}

function row(bytes: number, text: string): string {
  return `${paddedSize(bytes)}  ${text}`;
}
