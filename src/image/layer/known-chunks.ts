import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ChunkSource, deflateChunkNow, looksRandom } from './deflate.ts';

/**
 * Chunks of large files that were deflated before there was a layer, in a directory of their own: each under a name that is the sha256 of all it depends
 * on, so that it does not matter what became of those files since.
 */
export class KnownChunks {
  readonly #dir: string;
  readonly #names: ReadonlySet<string>;

  /** Those that are there by now. */
  constructor(dir: string) {
    this.#dir = dir;
    this.#names = new Set(namesIn(dir));
  }

  /** As deflateChunk gives it; undefined when it is not there. */
  find(source: ChunkSource): Promise<Buffer> | undefined {
    if (this.#names.size === 0) return undefined;
    const name = nameOf(source);
    return this.#names.has(name) ? readFile(join(this.#dir, name)) : undefined;
  }
}

const UNFINISHED = 'unfinished';

/** Writes them; one store to a directory, which it makes. */
export class ChunkStore {
  readonly #dir: string;
  readonly #names = new Set<string>();

  constructor(dir: string) {
    this.#dir = dir;
    mkdirSync(dir, { mode: 0o700 });
  }

  /** @returns bytes that were written: none of what is there already, or takes no time to deflate */
  add(source: ChunkSource): number {
    if (looksRandom(source.chunk)) return 0;
    const name = nameOf(source);
    if (this.#names.has(name)) return 0;
    const deflated = deflateChunkNow(source);
    const temp = join(this.#dir, UNFINISHED);
    writeFileSync(temp, deflated, { mode: 0o600 });
    renameSync(temp, join(this.#dir, name));
    this.#names.add(name);
    return deflated.length;
  }
}

/** Another zlib may deflate otherwise. */
const ZLIB = process.versions.zlib ?? '';

function nameOf({ chunk, before, level }: ChunkSource): string {
  const hash = createHash('sha256').update(`${ZLIB} ${level} ${before?.length ?? ''}\n`);
  if (before !== undefined) hash.update(before);
  return hash.update(chunk).digest('hex');
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}
