import type { BigIntStats } from 'node:fs';
import { KEY_AT, KEY_WORDS, statKey } from '../../../cache/index.ts';
import { makedev, STATX_AT } from '../sys/index.ts';

/** As 32-bit words: after a StatKey the links, the second of mtime as a float, and its ns. */
const { dev: DEV, ino: INO, size: SIZE, mtime: MTIME, ctime: CTIME, mode: MODE } = KEY_AT;
const [NLINK, MTIME_SEC, MTIME_NSEC] = [KEY_WORDS, 12, 14];
/** Of one file. */
export const STAT_WORDS = 16;

/** What tells one state of a file from another, and what a layer takes over. Filled in again for one file after the other: no bigint is made. */
export class FileStat {
  /** Begins with a StatKey. */
  readonly words: Uint32Array<ArrayBuffer> = new Uint32Array(STAT_WORDS);
  readonly #floats = new Float64Array(this.words.buffer);
  /** Of a device. */
  devMajor = 0;
  devMinor = 0;

  get size(): number {
    return this.#word(SIZE) + TWO_32 * this.#word(SIZE + 1);
  }

  /** Type and permission bits, as st_mode. */
  get mode(): number {
    return this.#word(MODE);
  }

  get nlink(): number {
    return this.#word(NLINK);
  }

  get mtimeSec(): number {
    return this.#floats[MTIME_SEC / 2] ?? 0;
  }

  get mtimeNsec(): number {
    return this.#word(MTIME_NSEC);
  }

  /** Equal for the names of one file. */
  get inode(): string {
    return this.words.subarray(DEV, SIZE).join(':');
  }

  /** Whether it is the same file, with the same size and times. */
  isSame({ words }: FileStat): boolean {
    for (let at = 0; at < MODE; at += 1) if (words[at] !== this.words[at]) return false;
    return true;
  }

  /** From `at` on; devices have no numbers then. */
  load(words: Uint32Array, at: number): this {
    for (let index = 0; index < STAT_WORDS; index += 1) this.words[index] = words[at + index] ?? 0;
    return this;
  }

  fromNode(stats: BigIntStats): this {
    this.words.set(statKey(stats));
    this.words[NLINK] = Number(stats.nlink);
    const nsec = ((stats.mtimeNs % NS) + NS) % NS;
    this.#setMtime(Number((stats.mtimeNs - nsec) / NS), Number(nsec));
    this.devMajor = Number(((stats.rdev >> 8n) & 0xfffn) | ((stats.rdev >> 32n) & ~0xfffn));
    this.devMinor = Number((stats.rdev & 0xffn) | ((stats.rdev >> 12n) & ~0xffn & 0xffffffffn));
    return this;
  }

  fromStatx(from: Uint32Array): this {
    const to = this.words;
    const at = (index: number): number => from[index] ?? 0;
    this.#setDevice(at(STATX_AT.dev), at(STATX_AT.dev + 1));
    to[INO] = at(STATX_AT.ino);
    to[INO + 1] = at(STATX_AT.ino + 1);
    to[SIZE] = at(STATX_AT.size);
    to[SIZE + 1] = at(STATX_AT.size + 1);
    to[MODE] = at(STATX_AT.mode) & 0xffff;
    to[NLINK] = at(STATX_AT.nlink);
    const sec = secondsAt(from, STATX_AT.mtime);
    this.#setNs(MTIME, sec, at(STATX_AT.mtime + 2));
    this.#setNs(CTIME, secondsAt(from, STATX_AT.ctime), at(STATX_AT.ctime + 2));
    this.#setMtime(sec, at(STATX_AT.mtime + 2));
    this.devMajor = at(STATX_AT.rdev);
    this.devMinor = at(STATX_AT.rdev + 1);
    return this;
  }

  #word(at: number): number {
    return this.words[at] ?? 0;
  }

  #setMtime(sec: number, nsec: number): void {
    this.#floats[MTIME_SEC / 2] = sec;
    this.words[MTIME_NSEC] = nsec;
  }

  /** As st_dev has it. */
  #setDevice(major: number, minor: number): void {
    if (minor < 0x100 && major < 0x1000) {
      this.words[DEV] = (major << 8) | minor;
      this.words[DEV + 1] = 0;
      return;
    }
    const dev = makedev(major, minor);
    this.words[DEV] = Number(dev & 0xffffffffn);
    this.words[DEV + 1] = Number(dev >> 32n);
  }

  /** Nanoseconds since the epoch as two words, in steps that are exact in floats. */
  #setNs(at: number, sec: number, nsec: number): void {
    const upper = Math.floor(sec / TWO_16) * 1e9;
    const upperLow = upper - Math.floor(upper / TWO_16) * TWO_16;
    const rest = upperLow * TWO_16 + (sec - Math.floor(sec / TWO_16) * TWO_16) * 1e9 + nsec;
    const carry = Math.floor(rest / TWO_32);
    this.words[at] = rest - carry * TWO_32;
    this.words[at + 1] = Math.floor(upper / TWO_16) + carry;
  }
}

const TWO_16 = 0x10000;
const TWO_32 = 0x100000000;
const NS = 1_000_000_000n;

function secondsAt(words: Uint32Array, at: number): number {
  return (words[at] ?? 0) + TWO_32 * ((words[at + 1] ?? 0) | 0);
}
