import { createHash } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { readIfThere } from '../files.ts';
import { ENTRY_BYTES } from './table.ts';

/** Header: magic, generation, sha256 of what follows; then the entries, in the machine's byte order. */
const MAGIC = 'tsbstat1';
const GENERATION_AT = 8;
const DIGEST_AT = 32;
const HEADER_BYTES = 64;

export interface StatFile {
  readonly generation: number;
  readonly words: Uint32Array;
}

/** undefined when there is none, or it is damaged. */
export function readStatFile(path: string): StatFile | undefined {
  const bytes = readIfThere(path);
  if (bytes === undefined || bytes.length < HEADER_BYTES || bytes.toString('latin1', 0, MAGIC.length) !== MAGIC)
    return undefined;
  const body = bytes.subarray(HEADER_BYTES);
  if (body.length % ENTRY_BYTES !== 0 || !bytes.subarray(DIGEST_AT, HEADER_BYTES).equals(bodyDigest(bytes, body)))
    return undefined;
  // Copied to be aligned.
  const words = new Uint32Array(body.length / 4);
  new Uint8Array(words.buffer).set(body);
  return { generation: bytes.readUInt32LE(GENERATION_AT), words };
}

/** By rename, without fsync: what a power failure tears is found out, and only costs reading the files again. */
export function writeStatFile(path: string, { generation, words }: StatFile, temp: string): void {
  const body = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
  const bytes = Buffer.alloc(HEADER_BYTES + body.length);
  bytes.write(MAGIC, 'latin1');
  bytes.writeUInt32LE(generation >>> 0, GENERATION_AT);
  bytes.set(body, HEADER_BYTES);
  bodyDigest(bytes, body).copy(bytes, DIGEST_AT);
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
function bodyDigest(bytes: Buffer, body: Uint8Array): Buffer {
  return createHash('sha256').update(bytes.subarray(0, DIGEST_AT)).update(body).digest();
}
