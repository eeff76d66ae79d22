import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { isErrno } from '../../host/fs/index.ts';
import { CHUNK, ChunkStore, endOf, OWN_FROM } from '../../image/layer/index.ts';
import { makeBreather } from '../../util/breathe.ts';
import { monotonicMs, nowMs } from '../../util/clock.ts';
import { freeProcessor } from './free-processor.ts';

/** Large files below one directory, as chunks in another, which is made for it. */
export interface EarlyWork {
  /** Others change it meanwhile, who are not to be trusted. */
  readonly from: string;
  readonly to: string;
  readonly level: number;
}

const PAUSE_MS = 300;
/** Looking around takes no more than one part in so many of the time. */
const PAUSES_PER_LOOK = 4;
/** A file that was changed less long ago is still being written. */
const SETTLED_MS = 250;
/** Of chunks, which are on the disk twice until the layer is exported. */
const MOST_BYTES = 512 * 1024 * 1024;
const MOST_DEPTH = 100;
const FILE = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const DIRECTORY = FILE | constants.O_DIRECTORY;
const SLASH = Buffer.from('/');

/** Looks over one RUN's files, again and again. */
export class Lookout {
  readonly #work: EarlyWork;
  readonly #signal: AbortSignal;
  readonly #breathe: () => Promise<void> | undefined;
  readonly #store: ChunkStore;
  /** Files as they were when they were read. */
  readonly #seen = new Set<string>();
  #written = 0;

  constructor(work: EarlyWork, signal: AbortSignal) {
    this.#work = work;
    this.#signal = signal;
    this.#breathe = makeBreather(signal);
    this.#store = new ChunkStore(work.to);
  }

  /** @throws the abort's reason; what the file system says when the disk is full, or nobody has a use for the chunks any more */
  async run(): Promise<void> {
    while (this.#written < MOST_BYTES) {
      const began = monotonicMs();
      await this.#directory(Buffer.from(this.#work.from), 0);
      const pause = Math.max(PAUSE_MS, (monotonicMs() - began) * PAUSES_PER_LOOK);
      await wait(pause, undefined, { signal: this.#signal });
    }
  }

  /** Each name is opened in the directory that was opened before it, and no link is followed, whatever is moved meanwhile. */
  async #directory(path: Buffer, depth: number): Promise<void> {
    using directory = openIfThere(path, DIRECTORY);
    if (directory === undefined) return;
    for (const entry of readdirSync(directory.path, { withFileTypes: true, encoding: 'buffer' })) {
      await this.#breathe();
      const at = Buffer.concat([directory.path, SLASH, entry.name]);
      if (entry.isFile()) await this.#file(at);
      else if (entry.isDirectory() && depth < MOST_DEPTH) await this.#directory(at, depth + 1);
    }
  }

  async #file(path: Buffer): Promise<void> {
    const stat = this.#written < MOST_BYTES ? lstatSync(path, { throwIfNoEntry: false }) : undefined;
    if (stat === undefined || stat.size < OWN_FROM || nowMs() - stat.ctimeMs < SETTLED_MS) return;
    const identity = `${stat.ino} ${stat.size} ${stat.ctimeMs}`;
    if (this.#seen.has(identity)) return;
    using file = openIfThere(path, FILE);
    if (file === undefined || !fstatSync(file.fd).isFile()) return;
    this.#seen.add(identity);
    await this.#chunks(file.fd);
  }

  async #chunks(fd: number): Promise<void> {
    const { level } = this.#work;
    const buffer = Buffer.allocUnsafe(CHUNK);
    let before: Buffer | undefined;
    for (let length = readFull(fd, buffer); length > 0 && this.#written < MOST_BYTES; length = readFull(fd, buffer)) {
      const chunk = buffer.subarray(0, length);
      await freeProcessor(this.#signal);
      this.#written += this.#store.add({ chunk, before, level });
      before = Buffer.from(endOf(chunk));
      await this.#breathe();
    }
  }
}

interface Opened extends Disposable {
  readonly fd: number;
  /** Of the same thing, whatever its name is by now. */
  readonly path: Buffer;
}

function openIfThere(path: Buffer, flags: number): Opened | undefined {
  try {
    const fd = openSync(path, flags);
    return { fd, path: Buffer.from(`/proc/self/fd/${fd}`), [Symbol.dispose]: () => closeSync(fd) };
  } catch (error) {
    if (GONE.some((code) => isErrno(error, code))) return undefined;
    throw error;
  }
}

/** It is not there any more, or is something else now. */
const GONE = ['ENOENT', 'ELOOP', 'ENOTDIR', 'ENXIO'];

function readFull(fd: number, buffer: Buffer): number {
  let filled = 0;
  while (filled < buffer.length) {
    const count = readSync(fd, buffer, filled, buffer.length - filled, null);
    if (count === 0) break;
    filled += count;
  }
  return filled;
}
