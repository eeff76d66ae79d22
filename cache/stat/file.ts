import { closeSync, fstatSync, mkdirSync, openSync, readSync, renameSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { removeFile } from '../files.ts';
import { bytesOf, ENTRY_BYTES, newPage, PAGE_ENTRIES, type StatPages } from './pages.ts';

/**
 * 64 bits over some bytes, quick and not cryptographic: tells a torn or damaged file, never what a content is. Injected, as the
 * store has no implementation of its own.
 */
export type QuickSignature = (bytes: Uint8Array) => bigint;

/** Header: magic, generation, quick signature of the pages' signatures; then the entries, in the machine's byte order. */
const MAGIC = 'tsbstat3';
const GENERATION_AT = 8;
const SIGNATURE_AT = 16;
const HEADER_BYTES = 24;

export interface StatFile extends StatPages {
  readonly generation: number;
}

/** Another one whenever the file was replaced; '' when there is none that can be seen. */
export function stateOf(path: string): string {
  try {
    const { ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
    return `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
  } catch {
    return '';
  }
}

/** Page by page, so that nothing is held twice. undefined when it is damaged. @throws when it cannot be read */
export function readStatFile(path: string, sign: QuickSignature): StatFile | undefined {
  const fd = openSync(path, 'r');
  try {
    const left = fstatSync(fd).size - HEADER_BYTES;
    const head = Buffer.alloc(HEADER_BYTES);
    if (left < 0 || left % ENTRY_BYTES !== 0 || !fill(fd, head) || head.toString('latin1', 0, MAGIC.length) !== MAGIC)
      return undefined;
    const count = left / ENTRY_BYTES;
    const pages: Uint32Array[] = [];
    for (let first = 0; first < count; first += PAGE_ENTRIES) {
      const page = newPage();
      if (!fill(fd, bytesOf(page, count - first))) return undefined;
      pages.push(page);
    }
    const generation = head.readBigUInt64LE(GENERATION_AT);
    const isWhole = head.readBigUInt64LE(SIGNATURE_AT) === signatureOf({ count, pages }, generation, sign);
    return isWhole ? { generation: Number(generation), count, pages } : undefined;
  } finally {
    closeSync(fd);
  }
}

/** By rename, without fsync: what a power failure tears is found out, and only costs reading the files again. */
export function writeStatFile(
  path: string,
  file: StatFile,
  { temp, sign }: { temp: string; sign: QuickSignature },
): void {
  const head = Buffer.alloc(HEADER_BYTES);
  head.write(MAGIC, 'latin1');
  const generation = BigInt(file.generation);
  head.writeBigUInt64LE(generation, GENERATION_AT);
  head.writeBigUInt64LE(signatureOf(file, generation, sign), SIGNATURE_AT);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  try {
    const fd = openSync(temp, 'wx', 0o600);
    try {
      writeAll(fd, head);
      for (const [index, page] of file.pages.entries()) writeAll(fd, bytesOf(page, file.count - index * PAGE_ENTRIES));
    } finally {
      closeSync(fd);
    }
    renameSync(temp, path);
  } catch (error) {
    removeFile(temp);
    throw error;
  }
}

/** Of the generation and the entries. */
function signatureOf({ count, pages }: StatPages, generation: bigint, sign: QuickSignature): bigint {
  const ofPages = BigUint64Array.from(pages, (page, index) => sign(bytesOf(page, count - index * PAGE_ENTRIES)));
  return sign(new Uint8Array(ofPages.buffer)) ^ generation;
}

function fill(fd: number, bytes: Uint8Array): boolean {
  for (let done = 0; done < bytes.length; ) {
    const count = readSync(fd, bytes, done, bytes.length - done, null);
    if (count === 0) return false;
    done += count;
  }
  return true;
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
}
