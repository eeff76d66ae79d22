import { createHash } from 'node:crypto';
import { type Digest, parseDigest } from '../../../cache/index.ts';
import { BuildError } from '../../errors.ts';
import {
  FileChanged,
  type FileStat,
  isErrno,
  listDirectory,
  readFileChunks,
  readLink,
  statFile,
} from '../../host/fs/index.ts';
import type { EntryType } from '../../image/archive/index.ts';
import type { Tree, TreeEntry } from '../../image/toc/index.ts';
import { nowMs } from '../../util/clock.ts';
import type { IgnoreRule, Matcher } from '../../util/match/index.ts';
import { displayPath, hostPath, joinRel, parentOf, type RelPath, TOP } from '../../util/rel-path.ts';

/** Remembers digests by what stat tells; decides itself which entries can be trusted (DESIGN.md section 4). */
export interface StatIndex {
  get(stat: FileStat): Digest | undefined;
  /** @param readBeganNs wall clock when the read that gave the digest began */
  put(stat: FileStat, digest: Digest, readBeganNs: bigint): void;
}

export interface ContextOptions {
  readonly ignore?: Matcher | undefined;
  readonly statIndex?: StatIndex | undefined;
  /** Outputs of this build, and the like: not part of the context, without a rule that says so. */
  readonly skip?: ((path: RelPath) => boolean) | undefined;
  /** Reads an xattr of a host path, symlinks not followed; undefined when the file has none of that name. */
  readonly getXattr?: ((path: Buffer, name: string) => Uint8Array | undefined) | undefined;
}

/** A context directory as COPY sees it: what is ignored is not there, and everything belongs to root. */
export interface ContextTree extends Tree {
  /** The rule that keeps a path that exists out; undefined for one that is there, or does not exist at all. */
  excludedBy(path: RelPath): IgnoreRule | undefined;
  /** The rule that decides about a path, `!` rules included. */
  ruleFor(path: RelPath): IgnoreRule | undefined;
  /** Children of a directory that exist and are not in the context. They are not entered. */
  hidden(path: RelPath): readonly TreeEntry[];
}

/** Opens nothing: files are looked at when they are asked for, once each. */
export function openContext(dir: string, options: ContextOptions = {}): ContextTree {
  return new HostTree(dir, options);
}

interface Seen {
  readonly entry: TreeEntry;
  readonly stat: FileStat;
  digest?: Digest;
}

const CAPABILITY = 'security.capability';

class HostTree implements ContextTree {
  readonly #dir: string;
  readonly #options: ContextOptions;
  readonly #seen = new Map<RelPath, Seen | undefined>();
  readonly #names = new Map<RelPath, readonly string[]>();
  readonly #needed = new Map<RelPath, boolean>();

  constructor(dir: string, options: ContextOptions) {
    this.#dir = dir;
    this.#options = options;
  }

  lookup(path: RelPath): TreeEntry | undefined {
    return this.#isVisible(path) ? this.#look(path)?.entry : undefined;
  }

  list(path: RelPath): readonly string[] {
    if (this.lookup(path)?.type !== 'directory') return [];
    return this.#children(path).filter((name) => this.lookup(joinRel(path, name)) !== undefined);
  }

  digest(entry: TreeEntry): Digest {
    const seen = this.#require(entry);
    seen.digest ??= this.#options.statIndex?.get(seen.stat) ?? this.#hash(seen);
    return seen.digest;
  }

  read(entry: TreeEntry, sink: (chunk: Uint8Array) => void): void {
    this.#read(this.#require(entry), sink);
  }

  excludedBy(path: RelPath): IgnoreRule | undefined {
    if (this.#look(path) === undefined || this.#isVisible(path)) return undefined;
    const rule = this.#options.ignore?.ruleFor(path);
    return rule?.negated === true ? undefined : rule;
  }

  ruleFor(path: RelPath): IgnoreRule | undefined {
    return this.#options.ignore?.ruleFor(path);
  }

  hidden(path: RelPath): readonly TreeEntry[] {
    if (this.lookup(path)?.type !== 'directory') return [];
    return this.#children(path).flatMap((name) => {
      const child = joinRel(path, name);
      const entry = this.#isVisible(child) ? undefined : this.#look(child)?.entry;
      return entry === undefined ? [] : [entry];
    });
  }

  #require(entry: TreeEntry): Seen {
    const seen = this.#look(entry.path);
    if (seen === undefined || seen.entry.type !== 'file')
      throw new Error(`no regular file of this context: ${displayPath(entry.path)}`);
    return seen;
  }

  /** False when it is no longer the file that was looked at; what reads it again will see another digest. */
  #read({ entry, stat }: Seen, sink: (chunk: Uint8Array) => void): boolean {
    return this.#guarded(entry.path, () => readFileChunks(hostPath(this.#dir, entry.path), stat, sink));
  }

  #hash(seen: Seen): Digest {
    const began = BigInt(nowMs()) * 1_000_000n;
    const hash = createHash('sha256');
    const isUnchanged = this.#read(seen, (chunk) => hash.update(chunk));
    const digest = parseDigest(`sha256:${hash.digest('hex')}`);
    if (isUnchanged) this.#options.statIndex?.put(seen.stat, digest, began);
    return digest;
  }

  /** Not ignored, or a directory on the way to something that is not. No parent of it is hidden but for the same reason. */
  #isVisible(path: RelPath): boolean {
    if (path === TOP) return true;
    if (this.#options.skip?.(path) === true) return false;
    const { ignore } = this.#options;
    if (ignore === undefined) return this.#isVisible(parentOf(path));
    if (!ignore.excludes(path)) return !this.#skipsParentOf(path);
    return ignore.couldReinclude(path) && this.#isNeeded(path);
  }

  #skipsParentOf(path: RelPath): boolean {
    if (this.#options.skip === undefined) return false;
    for (let dir = parentOf(path); dir !== TOP; dir = parentOf(dir)) {
      if (this.#options.skip(dir)) return true;
    }
    return false;
  }

  /** True when an ignored directory holds something that a later rule takes back. */
  #isNeeded(path: RelPath): boolean {
    const known = this.#needed.get(path);
    if (known !== undefined) return known;
    const needed =
      this.#look(path)?.entry.type === 'directory' &&
      this.#children(path).some((name) => this.lookup(joinRel(path, name)) !== undefined);
    this.#needed.set(path, needed);
    return needed;
  }

  #children(path: RelPath): readonly string[] {
    let names = this.#names.get(path);
    if (names === undefined) {
      names = this.#guarded(path, () => listDirectory(hostPath(this.#dir, path)));
      this.#names.set(path, names);
    }
    return names;
  }

  #look(path: RelPath): Seen | undefined {
    if (this.#seen.has(path)) return this.#seen.get(path);
    const seen = this.#guarded(path, () => this.#stat(path));
    this.#seen.set(path, seen);
    return seen;
  }

  #stat(path: RelPath): Seen | undefined {
    // lstat would follow a symlink on the way
    if (path !== TOP && parentOf(path) !== TOP && this.#look(parentOf(path))?.entry.type !== 'directory')
      return undefined;
    const host = hostPath(this.#dir, path);
    const stat = statFile(path === TOP ? Buffer.concat([host, Buffer.from('/.')]) : host);
    const type = stat === undefined ? undefined : typeOf(stat);
    if (stat === undefined || type === undefined) return undefined;
    return {
      stat,
      entry: entryOf(path, {
        type,
        stat,
        link: type === 'symlink' ? readLink(host) : '',
        xattrs: this.#xattrs(host, type),
      }),
    };
  }

  #xattrs(host: Buffer, type: EntryType): ReadonlyMap<string, Uint8Array> {
    const capability = type === 'file' ? this.#options.getXattr?.(host, CAPABILITY) : undefined;
    return capability === undefined ? NO_XATTRS : new Map([[CAPABILITY, capability]]);
  }

  #guarded<T>(path: RelPath, act: () => T): T {
    try {
      return act();
    } catch (error) {
      if (error instanceof FileChanged) {
        throw new BuildError('context-invalid', `${displayPath(path)} in the build context changed while it was read`, {
          cause: error,
          hint: 'build again once nothing writes to it, or exclude it in .dockerignore',
        });
      }
      if (error instanceof BuildError || !(error instanceof Error) || !('code' in error)) throw error;
      const shown = path === TOP ? 'the build context' : `${displayPath(path)} in the build context`;
      const why = isErrno(error, 'EACCES') || isErrno(error, 'EPERM') ? 'permission denied' : String(error.code);
      throw new BuildError('context-invalid', `cannot read ${shown}: ${why}`, {
        cause: error,
        hint: 'make it readable for this user, or exclude it in .dockerignore',
      });
    }
  }
}

const NO_XATTRS: ReadonlyMap<string, Uint8Array> = new Map();

/** undefined for sockets, which no layer can hold. */
function typeOf(stat: FileStat): EntryType | undefined {
  switch (Number(stat.mode) & 0o170000) {
    case 0o100000:
      return 'file';
    case 0o040000:
      return 'directory';
    case 0o120000:
      return 'symlink';
    case 0o010000:
      return 'fifo';
    case 0o020000:
      return 'character';
    case 0o060000:
      return 'block';
    default:
      return undefined;
  }
}

interface Looked {
  readonly type: EntryType;
  readonly stat: FileStat;
  readonly link: string;
  readonly xattrs: ReadonlyMap<string, Uint8Array>;
}

const NS = 1_000_000_000n;

function entryOf(path: RelPath, { type, stat, link, xattrs }: Looked): TreeEntry {
  const nsec = ((stat.mtimeNs % NS) + NS) % NS;
  const isDevice = type === 'character' || type === 'block';
  const entry: TreeEntry = {
    path,
    type,
    mode: type === 'symlink' ? 0o777 : Number(stat.mode) & 0o7777,
    uid: 0,
    gid: 0,
    size: type === 'file' ? Number(stat.size) : 0,
    mtimeSec: Number((stat.mtimeNs - nsec) / NS),
    mtimeNsec: Number(nsec),
    link,
    devMajor: isDevice ? majorOf(stat.rdev) : 0,
    devMinor: isDevice ? minorOf(stat.rdev) : 0,
    xattrs,
  };
  return type !== 'directory' && stat.nlink > 1n ? { ...entry, linkGroup: `${stat.dev}:${stat.ino}` } : entry;
}

/** Linux's encoding of device numbers. */
function majorOf(rdev: bigint): number {
  return Number(((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & ~0xfffn));
}

function minorOf(rdev: bigint): number {
  return Number((rdev & 0xffn) | ((rdev >> 12n) & ~0xffn & 0xffffffffn));
}
