import { type FileStat, statText } from '../../host/fs/index.ts';
import type { SeenFiles } from './seen-files.ts';

/** What Linux takes for a path. */
const LONGEST_NAME = 4096;
const SLASH = 0x2f;

/** The host paths of one directory's files after the other, in one buffer: of hundreds of thousands none is made into an object. */
export class HostNames {
  readonly #seen: SeenFiles;
  #text = Buffer.alloc(0);
  #start = 0;
  #length = 0;

  constructor(seen: SeenFiles) {
    this.#seen = seen;
  }

  /** @param host path of the directory whose files come next */
  enter(host: Buffer): void {
    if (this.#text.length < host.length + 2 + LONGEST_NAME) this.#text = Buffer.alloc(2 * (host.length + LONGEST_NAME));
    this.#text.set(host);
    this.#text[host.length] = SLASH;
    this.#start = host.length + 1;
  }

  /** At the next file. */
  point(node: number): void {
    const end = this.#seen.copyName(node, this.#text, this.#start);
    this.#text[end] = 0;
    this.#length = end;
  }

  /** Of the file that is pointed at. @returns false when it is not there any more */
  stat(into: FileStat): boolean {
    return statText(this.#text, this.#length, into);
  }
}
