import { type BuildState, durationOf, type StepState } from './collect.ts';
import { countsOf, countWords } from './counts.ts';
import type { ImageSummary } from './events.ts';
import { blockText, codeText } from './markdown-text.ts';
import { durationText, MIN_SAVED_MS, sizeText } from './render/words.ts';
import { criticalPath } from './report.ts';

/** Of changes of a step, of outputs and tags, of warnings: so many are told, then a count. */
const MAX_LISTED = 50;
/** What the last line takes that tells of what was left out. */
const NOTE_BYTES = 200;

/**
 * The report of `--report x.md`, for the summary of a CI job: what became of the build, what ran and why, where the time went,
 * and folded what hit. Everything from outside is escaped. It takes `maxBytes` at most; what does not fit is left out, and
 * that is said.
 */
export function renderMarkdown(state: BuildState, { maxBytes, tails }: MarkdownOptions): string {
  const page = new Page(maxBytes - NOTE_BYTES);
  page.add([heading(state), '', ...errorLines(state), ...imageLines(state.image)]);
  if (state.steps.length > 0) page.add([totals(state), '']);
  page.add(list(state.hints, (hint) => `> **Hint:** ${codeText(hint)}`));
  const ran = state.steps.filter(({ status }) => status !== 'hit');
  page.table(RAN_HEAD, ran.map(ranRow));
  for (const step of ran) page.add(tailLines(step, tails?.get(step.info.id)));
  page.add(pathLines(state.steps));
  for (const step of ran) if (!page.isClipped) page.fold(changesTitle(step), changeLines(step));
  page.fold(
    countText(state.warnings.length, 'warning'),
    list(state.warnings, (text) => `- ${codeText(text)}`).slice(0, -1),
  );
  const hits = state.steps.filter(({ status }) => status === 'hit');
  page.fold(hitsTitle(hits), hits.length === 0 ? [] : [...HIT_HEAD, ...hits.map(hitRow)]);
  return page.text();
}

export interface MarkdownOptions {
  readonly maxBytes: number;
  /** What failed steps said last, by their ids. */
  readonly tails?: ReadonlyMap<string, readonly string[]>;
}

/** Lines, as long as they fit. */
class Page {
  readonly #lines: string[] = [];
  #left: number;
  isClipped = false;

  constructor(maxBytes: number) {
    this.#left = maxBytes;
  }

  /** Whether the line is on the page. Once something was left out, nothing more is taken. */
  line(text: string, reserved = 0): boolean {
    const bytes = Buffer.byteLength(text) + 1;
    if (this.isClipped || bytes + reserved > this.#left) {
      this.isClipped = true;
      return false;
    }
    this.#lines.push(text);
    this.#left -= bytes;
    return true;
  }

  add(lines: readonly string[]): void {
    for (const text of lines) this.line(text);
  }

  table(head: readonly string[], rows: readonly string[]): void {
    if (rows.length > 0) this.add([...head, ...rows, '']);
  }

  /** Lines behind a title, to be opened; what was opened is closed in any case. */
  fold(title: string, lines: readonly string[]): void {
    if (lines.length === 0 || !this.line(`<details><summary>${title}</summary>`, FOLD_END.length + 2)) return;
    this.#left -= FOLD_END.length + 2;
    this.add(['', ...lines]);
    this.#lines.push('', FOLD_END, '');
  }

  text(): string {
    const note = this.isClipped
      ? ['', '_Clipped: this report is at its limit of size. `--report FILE.json` has everything._']
      : [];
    return `${[...this.#lines, ...note].join('\n').trimEnd()}\n`;
  }
}

const FOLD_END = '</details>';

function heading({ result = 'failed', image, durationMs }: BuildState): string {
  const [tag] = image?.tags ?? [];
  const what = tag === undefined ? 'tsbuild' : `tsbuild: ${codeText(tag)}`;
  return `### ${MARKS[result]} ${what} ${result} in ${durationText(durationMs)}`;
}

const MARKS = { built: '✅', failed: '❌', cancelled: '⚪' } as const;

function errorLines({ error }: BuildState): string[] {
  return error === undefined ? [] : [`**Error:** ${codeText(error.message, MAX_ERROR)} [${codeText(error.code)}]`, ''];
}

const MAX_ERROR = 2000;

function imageLines(image: ImageSummary | undefined): string[] {
  if (image === undefined) return [];
  const outputs = image.outputs.map(
    ({ type, dest, size }) => `| ${codeText(type)} | ${codeText(dest)}, ${sizeText(size)} |`,
  );
  return [
    '| image | |',
    '|---|---|',
    `| digest | ${codeText(image.digest)} |`,
    `| config | ${codeText(image.configDigest)} |`,
    `| platform | ${codeText(image.platform)} |`,
    ...(image.tags.length === 0
      ? []
      : [
          `| tags | ${image.tags
            .slice(0, MAX_LISTED)
            .map((tag) => codeText(tag))
            .join(' ')} |`,
        ]),
    ...outputs.slice(0, MAX_LISTED),
    '',
  ];
}

function totals({ steps }: BuildState): string {
  const layers = new Map(steps.flatMap(({ layer }) => (layer === undefined ? [] : [[layer.diffID, layer.size]])));
  const size = [...layers.values()].reduce((sum, one) => sum + one, 0);
  const parts = [
    countText(steps.length, 'step'),
    ...countWords(countsOf(steps)),
    ...savedText(steps),
    ...(layers.size === 0 ? [] : [`${countText(layers.size, 'layer')} of ${sizeText(size)}`]),
  ];
  return `**${parts.join(' · ')}**`;
}

const RAN_HEAD = ['| step | result | cause | time | layer |', '|---|---|---|--:|--:|'];
const HIT_HEAD = ['| step | result | saved | layer |', '|---|---|--:|--:|'];

function ranRow(step: StepState): string {
  const { status, startedMs, refused } = step;
  const isReached = startedMs !== undefined && status !== 'waiting';
  const result = refused === true ? '❌ **refused**' : isReached ? RESULTS[status] : 'not reached';
  const time = startedMs === undefined ? '' : durationText(durationOf(step));
  return `| ${codeText(step.info.name)} | ${result} | ${causeText(step)} | ${time} | ${layerText(step)} |`;
}

const RESULTS: Record<StepState['status'], string> = {
  waiting: 'not reached',
  running: '⚪ cancelled',
  hit: 'hit',
  miss: '🔨 miss',
  failed: '❌ **failed**',
  cancelled: '⚪ cancelled',
};

function causeText({ reason, error, earlyCutOff, refused }: StepState): string {
  const parts = [
    ...(reason === undefined ? [] : [codeText(reason.message)]),
    ...(earlyCutOff === true ? ['same result as before'] : []),
    ...(error === undefined || refused === true ? [] : [codeText(error)]),
  ];
  return parts.join('; ');
}

function hitRow(step: StepState): string {
  const { info, reason, savedMs } = step;
  const result = reason === undefined || reason.code === 'same' ? 'hit' : `hit, ${codeText(reason.message)}`;
  const saved = savedMs < MIN_SAVED_MS ? '' : durationText(savedMs);
  return `| ${codeText(info.name)} | ${result} | ${saved} | ${layerText(step)} |`;
}

function layerText({ layer }: StepState): string {
  return layer === undefined ? '' : sizeText(layer.size);
}

function hitsTitle(hits: readonly StepState[]): string {
  return [countText(hits.length, 'hit'), ...savedText(hits)].join(', ');
}

function savedText(steps: readonly StepState[]): string[] {
  const { savedMs } = countsOf(steps);
  return savedMs < MIN_SAVED_MS ? [] : [`saved ${durationText(savedMs)}`];
}

/** One block of HTML, so that it is there as a whole or not at all. */
function tailLines({ info }: StepState, tail: readonly string[] = []): string[] {
  if (tail.length === 0) return [];
  return [
    `Last output of ${codeText(info.name, MAX_ON_PATH)}:`,
    '',
    `<pre>${tail.map(blockText).join('\n')}</pre>`,
    '',
  ];
}

/** Worth a line where there is more than one step on it. */
function pathLines(steps: readonly StepState[]): string[] {
  const path = criticalPath(steps);
  if (path.length < 2) return [];
  const parts = path
    .slice(-MAX_LISTED)
    .map((step) => `${codeText(step.info.name, MAX_ON_PATH)} ${durationText(durationOf(step))}`);
  return [`**Critical path:** ${path.length > parts.length ? '… → ' : ''}${parts.join(' → ')}`, ''];
}

const MAX_ON_PATH = 60;

function changesTitle({ info, reason }: StepState): string {
  return `${codeText(info.name, MAX_ON_PATH)}: ${countText(reason?.changes.length ?? 0, 'change')}`;
}

/** Where the cause does not name all of them. */
function changeLines({ reason }: StepState): string[] {
  const changes = reason?.changes ?? [];
  if (changes.length < 2) return [];
  return list(changes, ({ path, name, what }) => `- ${codeText(path ?? name ?? '')} ${codeText(what)}`).slice(0, -1);
}

/** Each as a line, then an empty one; of many the first. */
function list<T>(items: readonly T[], lineOf: (item: T) => string): string[] {
  if (items.length === 0) return [];
  const rest = items.length > MAX_LISTED ? [`- … and ${items.length - MAX_LISTED} more`] : [];
  return [...items.slice(0, MAX_LISTED).map(lineOf), ...rest, ''];
}

function countText(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}
