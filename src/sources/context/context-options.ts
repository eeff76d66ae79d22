import type { Digest, StatKey } from '../../../cache/index.ts';
import type { Tree, TreeEntry } from '../../image/toc/index.ts';
import type { IgnoreRule, Matcher } from '../../util/match/index.ts';
import type { RelPath } from '../../util/rel-path.ts';

/**
 * Remembers digests of files that have no capability by what stat tells, which setting one would change; decides itself which entries can
 * be trusted (DESIGN.md section 4). What an entry says never changes.
 */
export interface StatIndex {
  /** It knows nothing of what was put before: what states tell is not to be trusted. */
  readonly isForgetful?: boolean;
  /** NO_ENTRY when it knows nothing of a file in this state. */
  find(state: StatKey): number;
  digest(entry: number): Digest;
  /** The 32 bytes of it. */
  copyDigest(entry: number, into: Uint8Array, offset: number): void;
  /**
   * @param readBeganNs wall clock when the read that gave the digest began
   * @returns its entry; NO_ENTRY when that is not to be trusted
   */
  put(state: StatKey, digest: Digest, readBeganNs: bigint): number;
}

/** Whose a file is, and what it may. */
export type Attributes = Pick<TreeEntry, 'uid' | 'gid' | 'xattrs'>;

export interface ContextOptions {
  readonly ignore?: Matcher | undefined;
  readonly statIndex?: StatIndex | undefined;
  /** Outputs of this build, and the like: not part of the context, without a rule that says so. */
  readonly skip?: ((path: RelPath) => boolean) | undefined;
  /** Reads an xattr of a host path (valid until it returns), symlinks not followed; undefined when the file has none of that name. */
  readonly getXattr?: ((path: Buffer, name: string) => Uint8Array | undefined) | undefined;
  /** Tells what the files themselves cannot: of an archive that was unpacked. Without it everything belongs to root. */
  readonly attributesOf?: ((path: RelPath) => Attributes) | undefined;
  /** Called when it turns out that there are tens of thousands of files. */
  readonly onMany?: (() => void) | undefined;
}

/** A context directory as COPY sees it: what is ignored is not there. */
export interface ContextTree extends Tree {
  /** The rule that keeps a path that exists out; undefined for one that is there, or does not exist at all. */
  excludedBy(path: RelPath): IgnoreRule | undefined;
  /** The rule that decides about a path, `!` rules included. */
  ruleFor(path: RelPath): IgnoreRule | undefined;
  /** Children of a directory that exist and are not in the context. They are not entered. */
  hidden(path: RelPath): readonly TreeEntry[];
}
