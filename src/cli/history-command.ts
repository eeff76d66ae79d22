import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { BuildError } from '../errors.ts';
import {
  agoText,
  durationText,
  hasRun,
  lastLinesOf,
  plainText,
  renderMarkdown,
  type StoredBuild,
  stateOf,
  summaryLines,
} from '../progress/index.ts';
import { nowMs } from '../util/clock.ts';
import type { CliContext } from './context.ts';
import { parseCommand } from './parse-command.ts';
import { MAX_MARKDOWN } from './reports.ts';
import { findBuild, openReader, readable } from './stored-builds.ts';
import { stderr, writeStdout } from './streams.ts';
import { oneOf, positiveInteger } from './values.ts';

interface HistoryFlags {
  readonly root?: string;
  readonly format?: string;
  readonly limit?: string;
}

/** `tsbuild history` and `tsbuild history show ID`: the builds that the root remembers. */
export async function historyCommand(argv: readonly string[], context: CliContext): Promise<number> {
  const { flags, words } = parseCommand<HistoryFlags>(
    {
      name: 'history',
      usage: '[show ID] [options]',
      description:
        'Lists earlier builds, newest first; shows one of them again. An ID may be shortened; without one, show takes the latest.',
      options: [
        ['--root <dir>', 'state directory'],
        ['--format <format>', 'text or json; of show, markdown too'],
        ['--limit <n>', 'list so many builds at most'],
      ],
    },
    argv,
  );
  const [word, id, ...more] = words;
  const format = oneOf('--format', flags.format ?? 'text', word === 'show' ? [...FORMATS, 'markdown'] : FORMATS);
  const { builds } = openReader(flags.root, context);
  if ((word !== undefined && word !== 'show') || more.length > 0)
    throw new BuildError('usage', `tsbuild history does not know ${words.join(' ')}`, {
      hint: 'see tsbuild history --help',
    });
  if (word === 'show') {
    const build = findBuild(builds, id);
    await writeStdout(shownAs(format, build));
    return 0;
  }
  const limit = flags.limit === undefined ? undefined : positiveInteger('--limit', flags.limit);
  const shown = [...readable(builds)].slice(0, limit);
  if (shown.length === 0) stderr().write('no build is remembered in this state directory\n');
  await writeStdout(
    format === 'json' ? json({ schemaVersion: 1, builds: shown.map(entryOf) }) : historyText(shown, nowMs()),
  );
  return 0;
}

const FORMATS = ['text', 'json'] as const;

function shownAs(format: 'text' | 'json' | 'markdown', build: StoredBuild): string {
  if (format === 'json') return json(build);
  if (format === 'markdown') return renderMarkdown(stateOf(build), { maxBytes: MAX_MARKDOWN, tails: tailsOf(build) });
  return `${showLines(build).join('\n')}\n`;
}

/** What failed steps said last, where their logs are still there. */
function tailsOf({ report }: StoredBuild): ReadonlyMap<string, readonly string[]> {
  const failed = report.steps.filter((step) => step.status === 'failed' && hasRun(step));
  return new Map(failed.map(({ id, logFile }) => [id, logFile === undefined ? [] : lastLinesOf(endOf(logFile))]));
}

/** More than the lines that are shown have, as a rule. */
const TAIL_BYTES = 64 * 1024;

function endOf(file: string): Uint8Array {
  const bytes = Buffer.alloc(TAIL_BYTES);
  try {
    const fd = openSync(file, 'r');
    try {
      const start = Math.max(0, fstatSync(fd).size - TAIL_BYTES);
      return bytes.subarray(0, readSync(fd, bytes, 0, TAIL_BYTES, start));
    } finally {
      closeSync(fd);
    }
  } catch {
    return new Uint8Array();
  }
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function entryOf({ id, startedAt, context, file, target, tags, error, report }: StoredBuild): object {
  const { result, durationMs, summary, image } = report;
  const { steps, hits, misses, savedMs } = summary;
  return {
    ...{ id, startedAt, result, durationMs, context, file, target, tags },
    ...{ digest: image?.digest, steps, hits, misses, savedMs, error },
  };
}

/** One line a build: its ID, when, how it ended, how long it took, its hits, and what it was. */
export function historyText(builds: readonly StoredBuild[], now: number): string {
  const rows = builds.map((build) => cellsOf(build, now).map(plainText));
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lineOf = (row: readonly string[]): string =>
    row
      .map((cell, column) =>
        column === DURATION ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ');
  return rows.map((row) => `${lineOf(row).trimEnd()}\n`).join('');
}

const DURATION = 3;

function cellsOf({ id, startedAt, context, file, tags, report }: StoredBuild, now: number): string[] {
  const { result, durationMs, summary } = report;
  return [
    id,
    agoText(now - startedAt),
    result,
    durationText(durationMs),
    `${summary.hits} of ${summary.steps} hit`,
    tags.length > 0 ? tags.join(', ') : `${file} in ${context}`,
  ];
}

/** What the build showed at its end. */
export function showLines(build: StoredBuild): string[] {
  const { id, startedAt, context, file, target, error, report } = build;
  const at = new Date(startedAt).toISOString().replace('T', ' ').replace(/\..*/, ' UTC');
  const what = `${file} in ${context}${target === undefined ? '' : `, stage ${target}`}`;
  return [
    plainText(` ${id} · ${at} · ${report.result} · ${what}`),
    ...summaryLines(stateOf(build)),
    ...(error === undefined ? [] : [plainText(` ${report.result}: ${error.message} [${error.code}]`)]),
  ];
}
