import { type BuildState, collectEvents, durationOf, type StepState } from './collect.ts';
import type { BuildEvent, ImageSummary } from './events.ts';
import { clip, padEnd, textWidth } from './render/width.ts';
import { durationText, MIN_SAVED_MS, plainText, sizeText } from './render/words.ts';
import { fittedName, shownName, totalLines } from './totals.ts';

/** The cache report of a build. */
export interface Closing {
  /** Takes every event; of the last one, gives the lines that close the build. */
  handle(event: BuildEvent): readonly string[];
  /** The row of a step as it stands now. */
  row(id: string): string | undefined;
}

/**
 * The last lines of a build: a row for each step, what was written, the totals, how to load and run it. On a terminal the rows fit its
 * columns, and those of steps that have ended are left out: there they were printed as they ended.
 */
export function closingLines(terminal?: { readonly columns: number }): Closing {
  const collected = collectEvents();
  return {
    handle(event) {
      collected.handle(event);
      if (event.type !== 'build-done') return [];
      const state = collected.state();
      const rows = terminal === undefined ? state.steps : state.steps.filter(({ status }) => !ENDED.has(status));
      const lines = summaryLines({ ...state, durationMs: event.atMs }, terminal, rows);
      return terminal === undefined && state.steps.length > 0 ? ['', ...lines] : lines;
    },
    row(id) {
      const { steps } = collected.state();
      const step = steps.find(({ info }) => info.id === id);
      return step === undefined ? undefined : rowOf(step, steps, terminal);
    },
  };
}

/** What became of a build: a row for each of `rows`, what was written, the totals, how to load and run it. */
export function summaryLines(
  { steps, image, findings, hints, durationMs }: BuildState,
  terminal?: { readonly columns: number },
  rows: readonly StepState[] = steps,
): readonly string[] {
  if (steps.length === 0) return findingLines(findings);
  return [
    ...rows.map((step) => rowOf(step, steps, terminal)),
    ...(image === undefined ? [] : imageLines(image, terminal === undefined ? image.digest : shortDigest(image))),
    ...totalLines(steps, durationMs, terminal === undefined ? undefined : terminal.columns - 1),
    ...hints.map((hint) => ` hint: ${plainText(hint)}`),
    ...(image === undefined ? [] : loadLines(image)),
    ...findingLines(findings),
  ];
}

function rowOf(
  step: StepState,
  steps: readonly StepState[],
  terminal: { readonly columns: number } | undefined,
): string {
  return terminal === undefined
    ? stepRow(step, { name: nameWidth(steps), time: true, size: steps.some(({ layer }) => layer !== undefined) })
    : fittedRow(step, steps, terminal.columns);
}

/** What build checks found, in BuildKit's shape. */
function findingLines(findings: readonly string[]): readonly string[] {
  if (findings.length === 0) return [];
  const count = findings.length === 1 ? '1 warning found' : `${findings.length} warnings found`;
  return ['', ` ${count} (use tsbuild --check to expand):`, ...findings.map((text) => ` - ${plainText(text)}`)];
}

const ENDED: ReadonlySet<StepState['status']> = new Set(['hit', 'miss', 'failed']);
const MIN_NAME_WIDTH = 44;
const MAX_NAME_WIDTH = 64;

/** Room for the names of these steps: a table that fits most terminals. */
function nameWidth(steps: readonly StepState[], max = MAX_NAME_WIDTH): number {
  const longest = Math.max(...steps.map((step) => textWidth(shownName(step))));
  return Math.min(max, Math.max(MIN_NAME_WIDTH, longest));
}

/** The same on a terminal that has room: beyond it, a row is hard to follow. */
const MAX_WIDE_NAME = 96;

/** Blanks and mark of a row; its time; its size. */
const ROW_REST = 5;
const TIME_ROOM = 9;
const SIZE_ROOM = 10;
/** Terminals of so many columns have room for times, and for sizes. */
const TIME_FROM_COLUMNS = 60;
const SIZE_FROM_COLUMNS = 120;
/** What is kept for an outcome in every row, and for a name whatever the outcome. */
const OUTCOME_ROOM = 24;
const NAME_ROOM = 24;
/** The same on a narrow terminal. */
const NARROW_NAME_ROOM = 16;

/** A long outcome takes room from the name, down to a point. */
function fittedRow(step: StepState, steps: readonly StepState[], columns: number): string {
  const time = columns >= TIME_FROM_COLUMNS;
  const size = columns >= SIZE_FROM_COLUMNS;
  const least = time ? NAME_ROOM : NARROW_NAME_ROOM;
  const room = columns - 1 - ROW_REST - (time ? TIME_ROOM : 0) - (size ? SIZE_ROOM : 0);
  const width = nameWidth(steps, Math.max(least, Math.min(MAX_WIDE_NAME, room - OUTCOME_ROOM)));
  const outcome = textWidth(OUTCOMES[step.status](step));
  return clip(stepRow(step, { name: Math.max(least, Math.min(width, room - outcome)), time, size }), columns - 1);
}

interface RowForm {
  /** Columns of the name. */
  readonly name: number;
  /** Whether there is a column for it. */
  readonly time: boolean;
  readonly size: boolean;
}

/** ` ✔ [build 4/6] RUN npm ci           34.1 MB  hit    saved 6.1 s` */
function stepRow(step: StepState, form: RowForm): string {
  const { status, layer } = step;
  const name = padEnd(fittedName(step, form.name), form.name);
  const time = status === 'hit' || status === 'waiting' ? '' : durationText(durationOf(step));
  const size = layer === undefined ? '' : sizeText(layer.size);
  const figures = `${form.time ? time.padStart(TIME_ROOM) : ''}${form.size ? size.padStart(SIZE_ROOM) : ''}`;
  return ` ${MARKS[status]} ${name}${figures}  ${OUTCOMES[status](step)}`.trimEnd();
}

const MARKS: Record<StepState['status'], string> = {
  waiting: '·',
  running: '●',
  hit: '✔',
  miss: '●',
  failed: '✘',
  cancelled: '·',
};

/** What became of a step, in the table's last column. */
const OUTCOMES: Record<StepState['status'], (step: StepState) => string> = {
  hit: hitText,
  miss: ({ reason, earlyCutOff }) =>
    `miss   ${plainText(reason?.message ?? '')}${earlyCutOff === true ? ' (same result as before)' : ''}`,
  failed: ({ refused, reason }) =>
    refused === true ? `refused   ${plainText(reason?.message ?? '')}`.trimEnd() : 'failed',
  cancelled: () => 'cancelled',
  waiting: () => 'not reached',
  running: () => '',
};

function hitText({ reason, savedMs }: StepState): string {
  if (reason?.code === 'relinked') return 'hit    relinked';
  return savedMs >= MIN_SAVED_MS ? `hit    saved ${durationText(savedMs)}` : 'hit';
}

function imageLines(image: ImageSummary, digest: string): string[] {
  const name = image.tags.length === 0 ? 'image' : image.tags.join(', ');
  if (image.outputs.length === 0) return [` ${name}   ${digest}`];
  return image.outputs.map(({ type, dest, size }) => {
    const what = type === 'registry' ? `pushed ${dest}` : `${name} → ${dest}`;
    return ` ${what}   ${sizeText(size)}   ${digest}`;
  });
}

/** Enough of it to be recognised. */
function shortDigest({ digest }: ImageSummary): string {
  return `${digest.slice(0, 'sha256:'.length + 12)}…`;
}

function loadLines(image: ImageSummary): string[] {
  const archive = image.outputs.find(
    (output) => (output.type === 'oci' || output.type === 'docker') && output.dest !== '-',
  );
  const tag = image.tags[0];
  if (archive === undefined || tag === undefined) return [];
  const port = image.exposedPorts.find((one) => !one.endsWith('/udp'))?.split('/')[0];
  const publish = port === undefined ? '' : ` -p ${port}:${port}`;
  const { dest, isDirectory } = archive;
  const load = isDirectory === true ? `skopeo copy oci:${dest} docker-daemon:${tag}` : `docker load -i ${dest}`;
  return [` load it: ${load} && docker run --rm${publish} ${tag}`];
}
