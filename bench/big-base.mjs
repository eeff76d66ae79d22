// A base image of many files as one layer that is quick to make: blocks of random bytes, repeated, so that it packs about 3 to 1.

import { createHash, randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

const BLOCK = 512;
const FILES_PER_DIRECTORY = 100;
/** Once random, then twice again: within gzip's window. As many that the next of its kind is out of it. */
const PIECES = Array.from({ length: 16 }, () => {
  const random = randomBytes(8192);
  return Buffer.concat([random, random, random]);
});

/**
 * Writes the layer's blob.
 * @param {string} path
 * @param {{ files: number, bytes: number }} wanted
 * @returns {Promise<{ digest: string, size: number, diffID: string }>}
 */
export async function writeBigLayer(path, wanted) {
  const plain = createHash('sha256');
  const packed = createHash('sha256');
  let size = 0;
  await pipeline(
    members(wanted),
    async function* (chunks) {
      for await (const chunk of chunks) {
        plain.update(chunk);
        yield chunk;
      }
    },
    createGzip({ level: 1, chunkSize: 1 << 20 }),
    async function* (chunks) {
      for await (const chunk of chunks) {
        packed.update(chunk);
        size += chunk.length;
        yield chunk;
      }
    },
    createWriteStream(path),
  );
  return { digest: `sha256:${packed.digest('hex')}`, size, diffID: `sha256:${plain.digest('hex')}` };
}

/** Directories of a hundred files, which are between half and one and a half times as large as the average. */
function* members({ files, bytes }) {
  const average = bytes / files;
  yield header('big/', { type: '5', mode: 0o755 });
  for (let index = 0; index < files; index++) {
    const directory = `big/d${Math.floor(index / FILES_PER_DIRECTORY)}/`;
    if (index % FILES_PER_DIRECTORY === 0) yield header(directory, { type: '5', mode: 0o755 });
    const size = Math.round(average * (0.5 + (index % 11) / 10));
    yield header(`${directory}file-${index}`, { type: '0', mode: 0o644, size });
    yield* content(size, index);
  }
  yield Buffer.alloc(2 * BLOCK);
}

/** With its padding. */
function* content(size, index) {
  let piece = index;
  for (let left = size; left > 0; piece++) {
    const part = PIECES[piece % PIECES.length].subarray(0, left);
    yield part;
    left -= part.length;
  }
  const rest = (BLOCK - (size % BLOCK)) % BLOCK;
  if (rest > 0) yield Buffer.alloc(rest);
}

function header(name, { type, mode, size = 0 }) {
  const block = Buffer.alloc(BLOCK);
  block.write(name, 0, 100, 'latin1');
  block.write(octal(mode, 7), 100);
  block.write(octal(0, 7), 108);
  block.write(octal(0, 7), 116);
  block.write(octal(size, 11), 124);
  block.write(octal(1_600_000_000, 11), 136);
  block.write(' '.repeat(8), 148);
  block.write(type, 156);
  block.write('ustar\x0000', 257, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 6)}\0 `, 148, 'latin1');
  return block;
}

function octal(value, digits) {
  return value.toString(8).padStart(digits, '0');
}
