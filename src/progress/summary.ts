import { type BuildState, collectEvents, durationOf, type StepState } from './collect.ts';
import type { BuildEvent, ImageSummary } from './events.ts';
import { clip, padEnd, textWidth } from './render/width.ts';
import { durationText, MIN_SAVED_MS, plainText, sizeText } from './render/words.ts';

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
  { steps, image, findings, durationMs }: BuildState,
  terminal?: { readonly columns: number },
  rows: readonly StepState[] = steps,
): readonly string[] {
  if (steps.length === 0) return findingLines(findings);
  return [
    ...rows.map((step) => rowOf(step, steps, terminal)),
    ...(image === undefined ? [] : imageLines(image, terminal === undefined ? image.digest : shortDigest(image))),
    totals(steps, durationMs),
    ...(image === undefined ? [] : loadLines(image)),
    ...findingLines(findings),
  ];
}

function rowOf(
  step: StepState,
  steps: readonly StepState[],
  terminal: { readonly columns: number } | undefined,
): string {
  return terminal === undefined ? stepRow(step, nameWidth(steps)) : fittedRow(step, steps, terminal.columns);
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

/** Blanks, mark and time of a row. */
const ROW_REST = 14;
/** What is kept for an outcome in every row, and for a name whatever the outcome. */
const OUTCOME_ROOM = 24;
const NAME_ROOM = 24;

/** A long outcome takes room from the name, down to a point. */
function fittedRow(step: StepState, steps: readonly StepState[], columns: number): string {
  const room = columns - 1 - ROW_REST;
  const width = nameWidth(steps, Math.max(NAME_ROOM, room - OUTCOME_ROOM));
  const outcome = textWidth(OUTCOMES[step.status](step));
  return clip(stepRow(step, Math.max(NAME_ROOM, Math.min(width, room - outcome))), columns - 1);
}

/** One line, runs of blanks as one. */
function shownName({ info }: StepState): string {
  return plainText(info.name).replace(/ {2,}/g, ' ');
}

/** ` ✔ [build 4/6] RUN npm ci     hit    saved 6.1 s` */
function stepRow(step: StepState, width: number): string {
  const name = padEnd(clip(shownName(step), width), width);
  const time = step.status === 'hit' || step.status === 'waiting' ? '' : durationText(durationOf(step));
  return ` ${MARKS[step.status]} ${name} ${time.padStart(8)}  ${OUTCOMES[step.status](step)}`.trimEnd();
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
  failed: () => 'failed',
  cancelled: () => 'cancelled',
  waiting: () => 'not reached',
  running: () => '',
};

function hitText({ reason, savedMs }: StepState): string {
  if (reason?.code === 'relinked') return 'hit    relinked';
  return savedMs >= MIN_SAVED_MS ? `hit    saved ${durationText(savedMs)}` : 'hit';
}

function imageLines(image: ImageSummary, digest: string): string[] {
  const name = image.tags[0] ?? 'image';
  if (image.outputs.length === 0) return [` ${name}   ${digest}`];
  return image.outputs.map((output) => ` ${name} → ${output.dest}   ${sizeText(output.size)}   ${digest}`);
}

/** Enough of it to be recognised. */
function shortDigest({ digest }: ImageSummary): string {
  return `${digest.slice(0, 'sha256:'.length + 12)}…`;
}

function totals(steps: readonly StepState[], durationMs: number): string {
  const hits = steps.filter((step) => step.status === 'hit').length;
  const ran = steps.filter((step) => step.status === 'miss' || step.status === 'failed').length;
  const savedMs = steps.reduce((sum, step) => sum + step.savedMs, 0);
  const longest = steps.filter((step) => step.status !== 'hit').sort((a, b) => durationOf(b) - durationOf(a))[0];
  const parts = [
    `${hits} hit, ${ran} ran`,
    `${durationText(durationMs)}${savedMs >= MIN_SAVED_MS ? `, saved ${durationText(savedMs)}` : ''}`,
  ];
  if (longest !== undefined && durationOf(longest) >= 100) {
    const name = shownName(longest).replace(/^\[[^\]]*\] (RUN )?(--\S+ )*/, '');
    parts.push(`longest: ${clip(name, MAX_LONGEST)} ${durationText(durationOf(longest))}`);
  }
  return ` ${steps.length} steps: ${parts.join(' · ')}`;
}

const MAX_LONGEST = 40;

function loadLines(image: ImageSummary): string[] {
  const archive = image.outputs.find(
    (output) => (output.type === 'oci' || output.type === 'docker') && output.dest !== '-',
  );
  const tag = image.tags[0];
  if (archive === undefined || tag === undefined) return [];
  const port = image.exposedPorts.find((one) => !one.endsWith('/udp'))?.split('/')[0];
  const publish = port === undefined ? '' : ` -p ${port}:${port}`;
  return [` load it: docker load -i ${archive.dest} && docker run --rm${publish} ${tag}`];
}
