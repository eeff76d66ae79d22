import type { Hash } from 'node:crypto';
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import type { ContentID } from '../../../cache/index.ts';
import { ByteWriter } from './bytes.ts';
import type { TocEntry } from './entry.ts';
import { ContentHash, checksumOf, encodeDated, HEADER_BYTES, header, seal } from './format.ts';

/** More than its offsets can point to. */
export class TocTooLarge extends Error {
  override readonly name = 'TocTooLarge';
}

const FLUSH_BYTES = 1 << 20;
const MOST_BYTES = 0xffffffff;

export interface SortedEntries {
  readonly count: number;
  readonly isClosed: boolean;
  /**
   * As many as `count` says, in byte order of their paths, each path once. A buffer is an entry without link group as encodeEntry makes it,
   * which is read before the next is asked for.
   */
  readonly entries: Iterable<TocEntry | Buffer>;
}

/** Writes a new file holding 4 bytes of each entry. @returns its ContentID @throws TocTooLarge */
export function writeToc(path: string, { count, isClosed, entries }: SortedEntries): ContentID {
  const fd = openSync(path, 'wx+', 0o600);
  try {
    const offsets = new ByteWriter();
    const content = new ContentHash();
    const begin = HEADER_BYTES + 4 * count;
    const records = new ByteWriter();
    let flushed = 0;
    const flush = (): void => {
      writeAt(fd, records.view(), begin + flushed);
      flushed += records.length;
      records.clear();
    };
    for (const entry of entries) {
      offsets.u32(flushed + records.length);
      if (entry instanceof Uint8Array) records.bytes(content.addRecord(entry));
      else encodeDated(records, content.add(entry), entry);
      if (flushed + records.length > MOST_BYTES) throw new TocTooLarge('its table of contents takes more than 4 GiB');
      if (records.length > FLUSH_BYTES) flush();
    }
    flush();
    if (offsets.length !== 4 * count) throw new Error(`${offsets.length / 4} entries came, ${count} were announced`);
    writeAt(fd, offsets.view(), HEADER_BYTES);
    const contentID = content.id();
    const head = header({ count, isClosed, contentID });
    const checksum = checksumOf(head);
    updateFrom(fd, HEADER_BYTES, checksum);
    seal(head, checksum);
    writeAt(fd, head, 0);
    return contentID;
  } finally {
    closeSync(fd);
  }
}

function updateFrom(fd: number, start: number, hash: Hash): void {
  const chunk = Buffer.allocUnsafe(FLUSH_BYTES);
  let at = start;
  for (let count = -1; count !== 0; at += count) {
    count = readSync(fd, chunk, 0, chunk.length, at);
    hash.update(chunk.subarray(0, count));
  }
}

function writeAt(fd: number, bytes: Uint8Array, at: number): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done, at + done);
}
