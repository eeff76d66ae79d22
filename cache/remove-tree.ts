import { chmodSync, type Dir, existsSync, lstatSync, opendirSync, renameSync } from 'node:fs';
import { rmdir } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { LONG_PATH, removeFile, unlessGone } from './files.ts';

/**
 * Removes a directory with all that is in it, or a file; what is not there, or goes meanwhile, is fine. Links are removed, not followed.
 * One name after the other, with a pause for others now and then: `rm` of Node begins them all at once, which takes hundreds of
 * megabytes for hundreds of thousands of files. A tree that is deeper than a path can be long goes as well.
 * @throws like unlink(2) and rmdir(2); what went before stays gone
 */
export async function removeTree(path: string): Promise<void> {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return;
  const bytes = Buffer.from(path);
  if (stat.isDirectory()) await new Removal(bytes).directory(bytes);
  else removeFile(bytes);
}

const SLASH = Buffer.from('/');
const NAMES_A_TURN = 512;
const NAMES_A_READ = 1024;

class Removal {
  readonly #top: Buffer;
  #removed = 0;
  #moved = 0;

  constructor(top: Buffer) {
    this.#top = top;
  }

  async directory(dir: Buffer): Promise<void> {
    for (;;) {
      const before = this.#removed;
      const handle = unlessGone(() => openWritable(dir));
      if (handle === undefined) return;
      await this.#empty(dir, handle);
      try {
        // A disk may take a while for each, and there may be work meanwhile.
        await rmdir(dir);
        return;
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return;
        // Something was moved up, or came meanwhile.
        if (codeOf(error) !== 'ENOTEMPTY' || this.#removed === before) throw error;
      }
    }
  }

  async #empty(dir: Buffer, handle: Dir): Promise<void> {
    try {
      for (let entry = handle.readSync(); entry !== null; entry = handle.readSync()) {
        // A buffer, as the directory was opened; the types do not know.
        const path = Buffer.concat([dir, SLASH, entry.name as unknown as Buffer]);
        if (entry.isDirectory()) await this.#child(path);
        else removeFile(path);
        this.#removed += 1;
        if (this.#removed % NAMES_A_TURN === 0) await setImmediate();
      }
    } finally {
      handle.closeSync();
    }
  }

  async #child(path: Buffer): Promise<void> {
    if (path.length < this.#top.length + LONG_PATH) return this.directory(path);
    unlessGone(() => {
      makeWritable(path);
      renameSync(path, this.#freeName());
    });
  }

  #freeName(): Buffer {
    for (;;) {
      this.#moved += 1;
      const name = Buffer.concat([this.#top, Buffer.from(`/.deep-${this.#moved}`)]);
      if (!existsSync(name)) return name;
    }
  }
}

function openWritable(dir: Buffer): Dir {
  makeWritable(dir);
  return opendirSync(dir, { encoding: 'buffer' as BufferEncoding, bufferSize: NAMES_A_READ });
}

/** An archive may have made it read-only. What is somebody else's may be open to us all the same. */
function makeWritable(dir: Buffer): void {
  try {
    chmodSync(dir, 0o700);
  } catch (error) {
    if (codeOf(error) !== 'EPERM') throw error;
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
