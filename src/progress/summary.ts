import { collectEvents, durationOf, type StepState } from './collect.ts';
import type { BuildEvent, ImageSummary } from './events.ts';
import { clip, padEnd, textWidth } from './render/width.ts';
import { durationText, plainText, sizeText } from './render/words.ts';

/** The last lines of a build: the cache report, what was written, the totals, how to load and run it. */
export function closingLines(): { handle(event: BuildEvent): readonly string[] } {
  const collected = collectEvents();
  return {
    handle(event) {
      collected.handle(event);
      if (event.type !== 'build-done') return [];
      const { steps, image } = collected.state();
      if (steps.length === 0) return [];
      return [
        '',
        ...steps.map((step) => stepLine(step, nameWidth(steps))),
        ...(image === undefined ? [] : imageLines(image)),
        totals(steps, event.atMs),
        ...(image === undefined ? [] : loadLines(image)),
      ];
    },
  };
}

const MIN_NAME_WIDTH = 44;
const MAX_NAME_WIDTH = 64;

/** Room for the names of these steps: a table that fits most terminals. */
function nameWidth(steps: readonly StepState[]): number {
  const longest = Math.max(...steps.map((step) => textWidth(shownName(step))));
  return Math.min(MAX_NAME_WIDTH, Math.max(MIN_NAME_WIDTH, longest));
}

/** One line, runs of blanks as one. */
function shownName({ info }: StepState): string {
  return plainText(info.name).replace(/ {2,}/g, ' ');
}

/** ` ✔ [build 4/6] RUN npm ci     hit    saved 6.1 s` */
function stepLine(step: StepState, width: number): string {
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

/** Less is not worth a word. */
const MIN_SAVED_MS = 50;

function imageLines(image: ImageSummary): string[] {
  const name = image.tags[0] ?? 'image';
  if (image.outputs.length === 0) return [` ${name}   ${image.digest}`];
  return image.outputs.map((output) => ` ${name} → ${output.dest}   ${sizeText(output.size)}   ${image.digest}`);
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
    parts.push(
      `longest: ${shownName(longest).replace(/^\[[^\]]*\] (RUN )?(--\S+ )*/, '')} ${durationText(durationOf(longest))}`,
    );
  }
  return ` ${steps.length} steps: ${parts.join(' · ')}`;
}

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
