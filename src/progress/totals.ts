import { durationOf, type StepState } from './collect.ts';
import { countsOf, countWords } from './counts.ts';
import { clip, textWidth } from './render/width.ts';
import { durationText, MIN_SAVED_MS, plainText, sizeText } from './render/words.ts';
import { criticalPath } from './report.ts';

/**
 * What all steps come to: hits, time and what was saved; the steps that the time was spent on; the layers. Lines that are longer
 * than `columns` say less.
 */
export function totalLines(
  steps: readonly StepState[],
  durationMs: number,
  columns = Number.POSITIVE_INFINITY,
): string[] {
  const counts = ` ${steps.length === 1 ? '1 step' : `${steps.length} steps`}: ${countParts(steps, durationMs).join(' · ')}`;
  const path = criticalPath(steps).filter((step) => durationOf(step) >= MIN_SHOWN_MS);
  const lines = [
    longestParts(steps).map((part) => `${counts}${part}`),
    path.length < 2 ? [] : PATH_LENGTHS.map((length) => ` critical path: ${pathText(path, length)}`),
    layersLines(steps),
  ];
  return lines.flatMap(
    (variants) => variants.find((line) => textWidth(line) <= columns) ?? shortest(variants, columns),
  );
}

function shortest(variants: readonly string[], columns: number): string[] {
  return variants.slice(-1).map((line) => clip(line, columns));
}

/** One line, runs of blanks as one. */
export function shownName({ info }: StepState): string {
  return plainText(info.name).replace(/\s+/g, ' ');
}

/** The name in so many columns: where that is too few, its flags are what goes first. */
export function fittedName(step: StepState, columns: number): string {
  const name = shownName(step);
  return textWidth(name) <= columns ? name : clip(name.replace(FLAGS, '$1… '), columns);
}

const FLAGS = /^(\[[^\]]*\] \S+ )(--\S+ )+/;

/** A step that took less is not worth a word. */
const MIN_SHOWN_MS = 100;
const MAX_LONGEST = 40;
const MAX_ON_PATH = 24;
/** So many steps of the critical path are named, and so many layers: fewer where there is less room. */
const PATH_LENGTHS = [4, 3, 2, 1];
const LARGEST = [3, 2, 1];

function countParts(steps: readonly StepState[], durationMs: number): string[] {
  const counts = countsOf(steps);
  const { savedMs } = counts;
  const saved = savedMs >= MIN_SAVED_MS ? `, saved ${durationText(savedMs)}` : '';
  return [countWords(counts).join(', '), `${durationText(durationMs)}${saved}`];
}

/** Longer and shorter ways to say which step took longest. */
function longestParts(steps: readonly StepState[]): string[] {
  const [longest] = steps.filter((step) => step.status !== 'hit').sort(byDuration);
  if (longest === undefined || durationOf(longest) < MIN_SHOWN_MS) return [''];
  return [MAX_LONGEST, MAX_ON_PATH]
    .map((columns) => ` · longest: ${shortName(longest, columns)} ${durationText(durationOf(longest))}`)
    .concat('');
}

/** Of a long path the steps that took longest, in their order. */
function pathText(path: readonly StepState[], length: number): string {
  const longest = new Set([...path].sort(byDuration).slice(0, length));
  const parts = path
    .filter((step) => longest.has(step))
    .map((step) => `${shortName(step, MAX_ON_PATH)} ${durationText(durationOf(step))}`);
  const others = path.length - parts.length;
  return `${parts.join(' → ')}${others === 0 ? '' : ` and ${others} more`}`;
}

/** Each layer once, under the step that comes first. */
function layersLines(steps: readonly StepState[]): string[] {
  const made = new Map(
    steps.flatMap((step) => (step.layer === undefined ? [] : [[step.layer.diffID, step] as const])).reverse(),
  );
  const bySize = [...made.values()].sort((a, b) => sizeOf(b) - sizeOf(a));
  if (bySize.length === 0) return [];
  const total = ` layers: ${made.size}, ${sizeText(bySize.reduce((sum, step) => sum + sizeOf(step), 0))}`;
  const named = LARGEST.map((count) =>
    bySize.slice(0, count).map((step) => `${shortName(step, MAX_ON_PATH)} ${sizeText(sizeOf(step))}`),
  );
  return [...named.map((names) => `${total} · largest: ${names.join(', ')}`), total];
}

function sizeOf({ layer }: StepState): number {
  return layer?.size ?? 0;
}

function byDuration(a: StepState, b: StepState): number {
  return durationOf(b) - durationOf(a);
}

/** Without its place, the word RUN, and flags. */
function shortName(step: StepState, columns: number): string {
  return clip(shownName(step).replace(/^\[[^\]]*\] (RUN )?(--\S+ )*/, ''), columns);
}
