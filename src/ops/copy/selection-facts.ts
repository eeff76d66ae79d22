import { createHash } from 'node:crypto';
import { type Digest, digestOfHash, writeDigest } from '../../../cache/index.ts';
import type { PlainFiles, SelectedItem } from './items.ts';

/** Of a file that is told in bytes. No file of a directory can have a longer one. */
export const LONGEST_PATH = 4096;

/** Of a plain file: a zero, which no line begins with, its mode, its digest, the length of its path; then the path. */
const MODE_AT = 1;
const DIGEST_AT = 3;
const LENGTH_AT = 35;
const PATH_AT = 37;

/** A call into the hash for each file costs more than hashing it. */
const ROOM = 1 << 16;

/** What a selection is, as bytes of one meaning only, hashed as they come: lines that begin with `[`, and plain files. */
export class SelectionFacts {
  readonly #hash = createHash('sha256');
  readonly #bytes = Buffer.allocUnsafe(ROOM);
  #end = 0;

  /** @param text latin1; it ends in the only line feed that it has */
  line(text: string): void {
    if (this.#end + text.length > ROOM) this.#flush();
    if (text.length > ROOM) this.#hash.update(text, 'latin1');
    else this.#end += this.#bytes.write(text, this.#end, 'latin1');
  }

  plain({ path, entry }: SelectedItem, content: Digest): void {
    const at = this.#roomForFile();
    writeDigest(content, this.#bytes, at + DIGEST_AT);
    const length = this.#bytes.write(path, at + PATH_AT, 'latin1');
    this.#finish(entry.mode, length);
  }

  /** The same of a file that needs no entry for it. @returns whether it is one */
  plainOf(files: PlainFiles, index: number): boolean {
    const mode = files.mode(index);
    if (mode === undefined) return false;
    const at = this.#roomForFile();
    const length = files.copyPath(index, this.#bytes, at + PATH_AT) - at - PATH_AT;
    if (length > LONGEST_PATH) return false;
    files.copyDigest(index, this.#bytes, at + DIGEST_AT);
    this.#finish(mode, length);
    return true;
  }

  digest(): Digest {
    this.#flush();
    return digestOfHash(this.#hash);
  }

  #finish(mode: number, pathLength: number): void {
    const at = this.#end;
    this.#bytes[at] = 0;
    this.#bytes[at + MODE_AT] = mode & 0xff;
    this.#bytes[at + MODE_AT + 1] = mode >> 8;
    this.#bytes[at + LENGTH_AT] = pathLength & 0xff;
    this.#bytes[at + LENGTH_AT + 1] = pathLength >> 8;
    this.#end = at + PATH_AT + pathLength;
  }

  /** @returns where it begins */
  #roomForFile(): number {
    if (this.#end + PATH_AT + LONGEST_PATH > ROOM) this.#flush();
    return this.#end;
  }

  #flush(): void {
    if (this.#end > 0) this.#hash.update(this.#bytes.subarray(0, this.#end));
    this.#end = 0;
  }
}
