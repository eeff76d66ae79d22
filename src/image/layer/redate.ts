import { makeTarReader, makeTarWriter, type TarEntry } from '../archive/index.ts';

/** What becomes of file times: those after `epoch` (seconds) are it, or all are. */
export interface Redating {
  readonly epoch: number;
  readonly which: 'later' | 'all';
}

/** Whether `redated` may change an entry of the tar with this table of contents, which may say more of a time than its second. */
export function needsRedating(entries: Iterable<FileTime>, redating: Redating): boolean {
  for (const entry of entries) if (isChanged(entry, redating)) return true;
  return false;
}

/**
 * A layer's tar with other file times, as it streams by. All else stays; a tar that our writer wrote, and that has no time to
 * change, comes out as it went in.
 * @throws ArchiveError
 */
export async function* redated(tar: AsyncIterable<Uint8Array>, redating: Redating): AsyncGenerator<Uint8Array> {
  let ready: Buffer[] = [];
  // the writer uses its buffer again
  const writer = makeTarWriter((chunk) => void ready.push(Buffer.from(chunk)));
  const reader = makeTarReader({
    entry: (entry) => writer.entry(withTime(entry, redating)),
    content: (chunk) => writer.content(chunk),
  });
  for await (const chunk of tar) {
    reader.write(chunk);
    yield* ready;
    ready = [];
  }
  reader.end();
  writer.end();
  yield* ready;
}

function withTime(entry: TarEntry, redating: Redating): TarEntry {
  return isChanged(entry, redating) ? { ...entry, ...timeAfter(entry, redating) } : entry;
}

export type FileTime = Pick<TarEntry, 'mtimeSec' | 'mtimeNsec'>;

/** A file's time as redating leaves it. */
export function timeAfter({ mtimeSec, mtimeNsec }: FileTime, redating: Redating): FileTime {
  return isChanged({ mtimeSec, mtimeNsec }, redating)
    ? { mtimeSec: redating.epoch, mtimeNsec: 0 }
    : { mtimeSec, mtimeNsec };
}

function isChanged({ mtimeSec, mtimeNsec }: FileTime, { epoch, which }: Redating): boolean {
  const isLater = mtimeSec > epoch || (mtimeSec === epoch && mtimeNsec > 0);
  return isLater || (which === 'all' && mtimeSec !== epoch);
}
