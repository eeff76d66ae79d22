import type { ExplainedStep, FoundRecord } from '../../explain/index.ts';
import {
  agoText,
  type Change,
  durationText,
  hasRun,
  plainText,
  type StoredBuild,
  sizeText,
} from '../../progress/index.ts';
import { padEnd, textWidth } from '../../progress/render/width.ts';
import { keyLines } from './key.ts';
import { causeOf, headLine, headText, oneLine, savedText, type View, wordOf } from './list.ts';
import { wrapAfter } from './wrap.ts';

interface Around {
  readonly build: StoredBuild;
  readonly against: StoredBuild | undefined;
}

/** Everything that is known of one step; with another build, how it differs from that one's. */
export function stepText(step: ExplainedStep, { build, against }: Around, view: View): string[] {
  return [
    ...wrapAfter(` ${step.id}  `, oneLine(step.name), view.columns),
    ...wrapAfter(' ', plainText(`${step.file}:${String(step.line)}`), view.columns),
    ...headLine('', build, view),
    '',
    ...wrapAfter(` ${wordOf(step)}  `, plainText(`${causeOf(step)}${codeOf(step)}`), view.columns),
    ...changeLines(step.reason?.changes ?? [], view),
    ...comparedLines(step, view),
    ...(against === undefined ? [] : differenceLines(step, against, view)),
    ...recordLines(step, view),
    ...resultLines(step, view),
  ];
}

function codeOf({ reason }: ExplainedStep): string {
  return reason === undefined ? '' : ` [${reason.code}]`;
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', ` ${title}`, ...lines];
}

/** Every one of them, however many. */
function changeLines(changes: readonly Change[], { columns }: View): string[] {
  const names = changes.map(({ path, name }) => oneLine(path ?? name ?? ''));
  const width = Math.min(Math.max(0, ...names.map(textWidth)), Math.floor(columns / 2));
  const title = `changes (${changes.length})`;
  return section(
    title,
    changes.flatMap(({ what }, index) => {
      const name = names[index] ?? '';
      if (textWidth(name) <= width) return wrapAfter(`   ${padEnd(name, width)}  `, oneLine(what), columns);
      return wrapAfter('   ', `${name}  ${oneLine(what)}`, columns);
    }),
  );
}

function comparedLines({ compared }: ExplainedStep, view: View): string[] {
  if (compared === undefined) return [];
  const { key, createdAt, same, other } = compared;
  return section('compared with', [
    ...wrapAfter('   record  ', key, view.columns),
    ...wrapAfter('   made    ', madeText(createdAt, view), view.columns),
    ...partLines({ same, other }, view),
  ]);
}

function partLines(
  { same, other }: { same: readonly string[]; other: readonly string[] },
  { columns }: View,
): string[] {
  return [
    ...wrapAfter('   other   ', other.join(', ') || 'nothing', columns),
    ...wrapAfter('   same    ', same.join(', ') || 'nothing', columns),
  ];
}

function differenceLines({ difference }: ExplainedStep, against: StoredBuild, view: View): string[] {
  if (difference === undefined) return [];
  const { kind, reason, message, there, same = [], other = [] } = difference;
  const what = reason === undefined ? (message ?? kind) : `${reason.message} [${reason.code}]`;
  return [
    ...section('against', [
      ...wrapAfter('   build   ', headText(against, view), view.columns),
      ...(there === undefined ? [] : wrapAfter('   step    ', oneLine(`${there.id}  ${there.name}`), view.columns)),
      ...wrapAfter('   result  ', plainText(what), view.columns),
      ...(same.length + other.length === 0 ? [] : partLines({ same, other }, view)),
    ]),
    ...changeLines(reason?.changes ?? [], view),
  ];
}

function recordLines(step: ExplainedStep, view: View): string[] {
  const { found } = step;
  if (found === undefined) return section('record', [`   none: ${withoutRecord(step)}`]);
  const isHit = step.status === 'hit';
  return [
    ...section(isHit ? 'record that it hit' : 'record that it made', [
      ...wrapAfter('   key     ', found.key, view.columns),
      ...wrapAfter('   made    ', madeText(found.createdAt, view), view.columns),
      ...(found.material === undefined ? goneLines(found, view) : hereLines(step, found, view)),
    ]),
    ...(found.material === undefined ? [] : section('key material', keyLines(found.material, view.columns))),
  ];
}

function withoutRecord({ status, kind }: ExplainedStep): string {
  if (status === 'failed' || status === 'cancelled') return 'a step that does not end well leaves none';
  return kind === 'FROM' ? 'there is nothing to look up' : 'this build was kept without it';
}

function goneLines({ prunedAt }: FoundRecord, view: View): string[] {
  const when = prunedAt === undefined ? '' : `, pruned ${agoText(view.now - prunedAt)}`;
  return [`   gone    it is not in the root any more${when}`];
}

function hereLines(step: ExplainedStep, found: FoundRecord, { columns, now }: View): string[] {
  const { costMs = 0, lastUsedAt, madeBy } = found;
  const isHit = step.status === 'hit';
  return [
    ...(madeBy === undefined ? [] : wrapAfter('   by      ', oneLine(madeBy), columns)),
    ...wrapAfter('   cost    ', `${durationText(costMs)}${isHit ? savedText(step) : ''}`, columns),
    ...(lastUsedAt === undefined ? [] : wrapAfter('   used    ', agoText(now - lastUsedAt), columns)),
    ...(isHit ? wrapAfter('   why     ', whyThis(step, found), columns) : []),
  ];
}

function whyThis({ reason }: ExplainedStep, { results = 1, isRefreshed }: FoundRecord): string {
  const choice = isRefreshed === true ? 'the latest that --no-cache made' : 'the oldest, on which later steps stand';
  const among = results > 1 ? `; of ${results} results of this key it is ${choice}` : '';
  if (reason?.code === 'relinked')
    return `the layers below are others, but nothing that the result depends on of its destination: the layer is put on them as it is${among}`;
  if (reason?.code === 'early-cut-off') return `${plainText(reason.message)}, so the key is the same as before${among}`;
  return `each part of the key is the same${among}`;
}

function resultLines(step: ExplainedStep, { columns }: View): string[] {
  const { layer, durationMs, reason, logFile } = step;
  const ran = hasRun(step) ? [`   ran     ${durationText(durationMs)}`] : [];
  const same = reason?.earlyCutOff === true ? ['   same    as before: what stands on it hits'] : [];
  return section('result', [
    ...ran,
    ...same,
    ...(layer === undefined ? [] : wrapAfter('   layer   ', layer.diffID, columns)),
    ...(layer === undefined ? [] : [`   size    ${sizeText(layer.size)}`]),
    ...(logFile === undefined ? [] : wrapAfter('   output  ', plainText(logFile), columns)),
  ]);
}

/** `2 days ago (2026-11-19 09:00:12 UTC)` */
function madeText(at: number, { now }: View): string {
  const date = new Date(at);
  const utc = Number.isNaN(date.getTime()) ? '' : ` (${date.toISOString().replace('T', ' ').replace(/\..*/, ' UTC')})`;
  return `${agoText(now - at)}${utc}`;
}
