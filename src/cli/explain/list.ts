import type { ExplainedStep } from '../../explain/index.ts';
import {
  agoText,
  durationText,
  MIN_SAVED_MS,
  plainText,
  type StoredBuild,
  type StoredStep,
  wasReached,
} from '../../progress/index.ts';
import { clip, padEnd, textWidth } from '../../progress/render/width.ts';
import { wrapAfter } from './wrap.ts';

export interface View {
  readonly columns: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export interface Explained {
  readonly build: StoredBuild;
  readonly against: StoredBuild | undefined;
  readonly steps: readonly ExplainedStep[];
  readonly gone: readonly StoredStep[];
}

/** A row for each step: what it did, and the cause in full; or how it differs from another build's. */
export function buildText({ build, against, steps, gone }: Explained, view: View): string[] {
  const head = [
    ...headLine('', build, view),
    ...(against === undefined ? [] : headLine('against ', against, view)),
    ...(build.error === undefined
      ? []
      : wrapAfter(' ', plainText(`${build.error.message} [${build.error.code}]`), view.columns)),
    '',
  ];
  if (steps.length === 0) return [...head, ' it ended before there was any step'];
  const rows = [
    ...steps.map((step) =>
      against === undefined
        ? { id: step.id, word: wordOf(step), name: step.name, cause: causeOf(step) }
        : {
            id: step.id,
            word: DIFFERENCES[step.difference?.kind ?? 'unknown'],
            name: step.name,
            cause: differenceOf(step),
          },
    ),
    ...gone.map(({ name }) => ({ id: '', word: 'gone', name, cause: 'only in the other build' })),
  ];
  return [...head, ...rowLines(rows, view), '', ...wrapAfter(' ', totals(steps, { gone, against }), view.columns)];
}

export function headLine(lead: string, build: StoredBuild, view: View): string[] {
  return wrapAfter(' ', `${lead}${headText(build, view)}`, view.columns);
}

/** `20261121-113529123-1f3c · 5 min ago · built · Dockerfile in .` */
export function headText({ id, startedAt, report, file, context, target, tags }: StoredBuild, { now }: View): string {
  const stage = target === undefined ? '' : `, stage ${target}`;
  const name = tags.length === 0 ? '' : ` · ${tags.join(', ')}`;
  return plainText(`${id} · ${agoText(now - startedAt)} · ${report.result} · ${file} in ${context}${stage}${name}`);
}

interface Row {
  readonly id: string;
  readonly word: string;
  readonly name: string;
  readonly cause: string;
}

function rowLines(rows: readonly Row[], { columns }: View): string[] {
  const names = rows.map(({ name }) => oneLine(name));
  const idWidth = Math.max(...rows.map(({ id }) => id.length));
  const wordWidth = Math.max(...rows.map(({ word }) => word.length));
  const rest = columns - idWidth - wordWidth - GAPS;
  const nameWidth = Math.min(Math.max(...names.map(textWidth)), Math.max(MIN_NAME, Math.floor(rest / 2)));
  return rows.flatMap(({ id, word, cause }, index) => {
    const name = padEnd(clip(names[index] ?? '', nameWidth), nameWidth);
    return wrapAfter(` ${id.padEnd(idWidth)}  ${word.padEnd(wordWidth)}  ${name}  `, plainText(cause), columns);
  });
}

/** One blank before a row, two between its parts. */
const GAPS = 7;
const MIN_NAME = 16;

export function oneLine(text: string): string {
  return plainText(text).replace(/ {2,}/g, ' ');
}

/** `hit`, `miss`, `failed`, `refused`; a step that was never begun was not reached. */
export function wordOf(step: StoredStep): string {
  if (step.refused === true) return 'refused';
  return wasReached(step) ? step.status : 'not reached';
}

export function causeOf(step: StoredStep): string {
  const { status, reason, error } = step;
  const why = `${reason?.message ?? ''}${reason?.earlyCutOff === true ? ' (same result as before)' : ''}`;
  if (status === 'hit') return `${why}${savedText(step)}`;
  if (status !== 'failed' || error === undefined) return why;
  return error.includes(why) ? error : `${why}; ${error}`;
}

export function savedText({ savedMs }: StoredStep): string {
  return savedMs < MIN_SAVED_MS ? '' : `, saved ${durationText(savedMs)}`;
}

const DIFFERENCES = { same: 'same', other: 'other', 'only-here': 'new', unknown: 'unknown' } as const;

export function differenceOf({ difference }: ExplainedStep): string {
  return difference?.reason?.message ?? difference?.message ?? '';
}

function totals(steps: readonly ExplainedStep[], { gone, against }: Pick<Explained, 'gone' | 'against'>): string {
  const count = (kind: string): number => steps.filter(({ difference }) => difference?.kind === kind).length;
  if (against !== undefined) {
    const unknown = count('unknown') === 0 ? '' : `, ${count('unknown')} unknown`;
    return `${count('same')} the same, ${count('other')} other, ${count('only-here')} new, ${gone.length} gone${unknown}`;
  }
  const hits = steps.filter(({ status }) => status === 'hit').length;
  return `${hits} of ${steps.length} hit · tsbuild explain ${exampleOf(steps)} tells everything of that step`;
}

/** The first one that did not hit. */
function exampleOf(steps: readonly ExplainedStep[]): string {
  return (steps.find(({ status }) => status !== 'hit') ?? steps[0])?.id ?? 's1';
}
