/**
 * What tells one state of a file from another, as words of 32 bits, low before high: two each of dev, ino, size, mtime and ctime in ns,
 * then one of mode. There may be more behind them.
 */
export type StatKey = Uint32Array;

/** The same as stat tells it. Nanoseconds need bigints: a number rounds them. */
export interface FileState {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly mode: bigint;
}

/** Where in it each begins. */
export const KEY_AT = { dev: 0, ino: 2, size: 4, mtime: 6, ctime: 8, mode: 10 } as const;
export const KEY_WORDS = 11;

export function statKey({ dev, ino, size, mtimeNs, ctimeNs, mode }: FileState): Uint32Array<ArrayBuffer> {
  return new Uint32Array(BigUint64Array.of(dev, ino, size, mtimeNs, ctimeNs, mode).buffer);
}
