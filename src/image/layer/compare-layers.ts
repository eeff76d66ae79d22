import type { Toc, TocEntry } from '../toc/index.ts';
import { type Redating, timeAfter } from './redate.ts';

export type FileField = 'type' | 'content' | 'mode' | 'owner' | 'mtime' | 'link' | 'device' | 'xattrs';

/** A path that two layers do not say the same of. */
export interface FileDifference {
  /** Bytes as latin1, as everywhere in layers. */
  readonly path: string;
  /** In the second layer only, in the first only, or in both. */
  readonly kind: 'added' | 'removed' | 'changed';
  /** Of a changed one, what is not the same. */
  readonly fields: readonly { readonly name: FileField; readonly before: string; readonly after: string }[];
}

/** What two layers do not have in common, by their tables of contents; times count in seconds, as in their tars, and as redating leaves them. */
export function* compareLayers(
  first: Pick<Toc, 'entries'>,
  second: Pick<Toc, 'entries'>,
  redating: Redating | undefined,
): Generator<FileDifference> {
  for (const [before, after] of byPath(first.entries(), second.entries())) {
    if (before === undefined) yield { path: after?.path ?? '', kind: 'added', fields: [] };
    else if (after === undefined) yield { path: before.path, kind: 'removed', fields: [] };
    else {
      const fields = changedFields(before, after, redating);
      if (fields.length > 0) yield { path: before.path, kind: 'changed', fields };
    }
  }
}

type Entries = Iterator<TocEntry, undefined>;

/** Entries of one path together; undefined where a table has none. */
function* byPath(left: Entries, right: Entries): Generator<readonly [TocEntry | undefined, TocEntry | undefined]> {
  let [a, b] = [nextOf(left), nextOf(right)];
  while (a !== undefined || b !== undefined) {
    const order = comparePaths(a?.path, b?.path);
    yield [order <= 0 ? a : undefined, order >= 0 ? b : undefined];
    if (order <= 0) a = nextOf(left);
    if (order >= 0) b = nextOf(right);
  }
}

function nextOf(entries: Entries): TocEntry | undefined {
  return entries.next().value;
}

/** Tables are in this order; what is at its end comes last. */
function comparePaths(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return a === undefined ? 1 : -1;
  return a < b ? -1 : a > b ? 1 : 0;
}

const READERS: { readonly [name in Exclude<FileField, 'type' | 'mtime'>]: (entry: TocEntry) => string } = {
  content: ({ type, digest, size }) => (type === 'file' ? `${digest ?? ''} (${size} bytes)` : ''),
  mode: ({ mode }) => mode.toString(8).padStart(4, '0'),
  owner: ({ uid, gid }) => `${uid}:${gid}`,
  link: ({ link }) => link,
  device: ({ devMajor, devMinor }) => `${devMajor}:${devMinor}`,
  xattrs: ({ xattrs }) => [...xattrs].map(([name, value]) => `${name}=${Buffer.from(value).toString('hex')}`).join(' '),
};

function changedFields(first: TocEntry, second: TocEntry, redating: Redating | undefined): FileDifference['fields'] {
  const [before, after] = [typeOf(first), typeOf(second)];
  if (before !== after) return [{ name: 'type', before, after }];
  if (first.whiteout === true) return [];
  const fields = Object.entries(READERS).flatMap(([name, read]) => {
    const pair = { before: read(first), after: read(second) };
    return pair.before === pair.after ? [] : [{ name: name as FileField, ...pair }];
  });
  const times = { before: timeText(first, redating), after: timeText(second, redating) };
  return times.before === times.after ? fields : [...fields, { name: 'mtime', ...times }];
}

function typeOf({ type, whiteout, opaque }: TocEntry): string {
  if (whiteout === true) return 'removal';
  return opaque === true ? 'opaque directory' : type;
}

function timeText(entry: TocEntry, redating: Redating | undefined): string {
  const { mtimeSec } = redating === undefined ? entry : timeAfter(entry, redating);
  const date = new Date(mtimeSec * 1000);
  return Number.isNaN(date.getTime()) ? `${mtimeSec} s` : `${date.toISOString().slice(0, -'.000Z'.length)}Z`;
}
