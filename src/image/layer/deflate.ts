import * as zlib from 'node:zlib';

/** What is deflated at a time, on its own. */
export const CHUNK = 1024 * 1024;
/** How far back deflate looks. */
const WINDOW = 32 * 1024;

/** What deflate looks back at in the chunk behind this one. */
export function endOf(chunk: Buffer): Buffer {
  return chunk.subarray(Math.max(0, chunk.length - WINDOW));
}

export interface ChunkSource {
  readonly chunk: Buffer;
  /** What came before it, or the end of that: what deflate may look back at. */
  readonly before: Buffer | undefined;
  readonly level: number;
}

export function deflateChunk(source: ChunkSource): Promise<Buffer> {
  return new Promise((done, failed) => {
    zlib.deflateRaw(source.chunk, optionsFor(source), (error, bytes) => (error ? failed(error) : done(bytes)));
  });
}

/** The same bytes, in this thread. */
export function deflateChunkNow(source: ChunkSource): Buffer {
  return zlib.deflateRawSync(source.chunk, optionsFor(source));
}

function optionsFor({ chunk, before, level }: ChunkSource): zlib.ZlibOptions {
  const effective = looksRandom(chunk) ? 0 : level;
  const dictionary = before === undefined || effective === 0 ? {} : { dictionary: before };
  return {
    level: effective,
    finishFlush: zlib.constants.Z_SYNC_FLUSH,
    // what is stored depends on it
    chunkSize: effective === 0 ? CHUNK : CHUNK / 4,
    ...dictionary,
  };
}

const SAMPLE = 256;
const SAMPLES = 16;
/** Smaller chunks are deflated in any case. */
const FEW = 16 * 1024;
/** Bytes of compressed and encrypted data are nearly equally frequent: the sum of their squares is what chance has, 1.06 for so few, and little more. */
const RANDOM_LIMIT = 1.2;

/** Then it is stored. A look at 4 KiB of a chunk, by its bytes alone, so that the same chunk is always judged the same. */
export function looksRandom(chunk: Buffer): boolean {
  if (chunk.length < FEW) return false;
  const counts = new Uint32Array(256);
  const step = Math.floor(chunk.length / SAMPLES);
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    for (let index = sample * step; index < sample * step + SAMPLE; index += 1)
      counts[chunk[index] ?? 0] = (counts[chunk[index] ?? 0] ?? 0) + 1;
  }
  const total = SAMPLE * SAMPLES;
  let squares = 0;
  for (const count of counts) squares += count * count;
  return (squares * 256) / (total * total) < RANDOM_LIMIT;
}
