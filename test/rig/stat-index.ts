import { type Digest, NO_ENTRY, type StatKey, writeDigest } from '../../cache/index.ts';
import type { StatIndex } from '../../src/sources/context/index.ts';

export interface FakeIndexOptions {
  /** What it says of a file in a state. */
  readonly get?: (state: StatKey) => Digest | undefined;
  readonly put?: (state: StatKey, digest: Digest) => void;
}

/** A stat index that says what it is told to and keeps nothing that it is given. */
export function fakeStatIndex({ get, put }: FakeIndexOptions): StatIndex {
  const entries: Digest[] = [];
  return {
    find(state) {
      const digest = get?.(state);
      return digest === undefined ? NO_ENTRY : entries.push(digest) - 1;
    },
    copyDigest(entry, into, offset) {
      writeDigest(entries[entry] as Digest, into, offset);
    },
    digest: (entry) => entries[entry] as Digest,
    put(state, digest) {
      put?.(state, digest);
      return NO_ENTRY;
    },
  };
}
