import * as zlib from 'node:zlib';

/** What is deflated at a time, on its own. */
export const CHUNK = 1024 * 1024;
/** How far back deflate looks. */
export const WINDOW = 32 * 1024;

/** @param before what came before the chunk, or its end */
export function deflateChunk(chunk: Buffer, before: Buffer | undefined, level: number): Promise<Buffer> {
  return new Promise((done, failed) => {
    zlib.deflateRaw(chunk, optionsFor(chunk, before, level), (error, bytes) => (error ? failed(error) : done(bytes)));
  });
}

/** The same bytes as deflateChunk of a first chunk, in this thread. */
export function deflateChunkNow(chunk: Buffer, level: number): Buffer {
  return zlib.deflateRawSync(chunk, optionsFor(chunk, undefined, level));
}

function optionsFor(chunk: Buffer, before: Buffer | undefined, level: number): zlib.ZlibOptions {
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

const SAMPLE = 1024;
const SAMPLES = 16;
/** Bytes of compressed and encrypted data are nearly equally frequent: their squares add up to little more than chance has it. */
const RANDOM_LIMIT = 1.15;

/** A look at 16 KiB of a chunk, by its bytes alone, so that the same chunk is always judged the same. */
function looksRandom(chunk: Buffer): boolean {
  if (chunk.length < SAMPLE * SAMPLES) return false;
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
