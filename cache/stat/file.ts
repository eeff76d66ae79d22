import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { readIfThere } from '../files.ts';
import { ENTRY_BYTES } from './table.ts';

/**
 * 64 bits over some bytes, quick and not cryptographic: tells a torn or damaged file, never what a content is. Injected, as the
 * store has no implementation of its own.
 */
export type QuickSignature = (bytes: Uint8Array) => bigint;

/** Header: magic, generation, quick signature of what follows; then the entries, in the machine's byte order. */
const MAGIC = 'tsbstat2';
const GENERATION_AT = 8;
const SIGNATURE_AT = 16;
const HEADER_BYTES = 24;

export interface StatFile {
  readonly generation: number;
  readonly words: Uint32Array;
}

/** undefined when there is none, or it is damaged. */
export function readStatFile(path: string, sign: QuickSignature): StatFile | undefined {
  const bytes = readIfThere(path);
  if (bytes === undefined || bytes.length < HEADER_BYTES || bytes.toString('latin1', 0, MAGIC.length) !== MAGIC)
    return undefined;
  const body = bytes.subarray(HEADER_BYTES);
  if (body.length % ENTRY_BYTES !== 0 || bytes.readBigUInt64LE(SIGNATURE_AT) !== signatureOf(bytes, sign))
    return undefined;
  // Copied to be aligned.
  const words = new Uint32Array(body.length / 4);
  new Uint8Array(words.buffer).set(body);
  return { generation: bytes.readUInt32LE(GENERATION_AT), words };
}

/** By rename, without fsync: what a power failure tears is found out, and only costs reading the files again. */
export function writeStatFile(
  path: string,
  { generation, words }: StatFile,
  { temp, sign }: { temp: string; sign: QuickSignature },
): void {
  const body = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
  const bytes = Buffer.alloc(HEADER_BYTES + body.length);
  bytes.write(MAGIC, 'latin1');
  bytes.writeUInt32LE(generation >>> 0, GENERATION_AT);
  bytes.set(body, HEADER_BYTES);
  bytes.writeBigUInt64LE(signatureOf(bytes, sign), SIGNATURE_AT);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  try {
    writeFileSync(temp, bytes, { mode: 0o600 });
    renameSync(temp, path);
  } catch (error) {
    rmSync(temp, { force: true });
    throw error;
  }
}

/** Of the generation and the entries. */
function signatureOf(bytes: Buffer, sign: QuickSignature): bigint {
  return sign(bytes.subarray(HEADER_BYTES)) ^ bytes.readBigUInt64LE(GENERATION_AT);
}
