import { type Digest, PiecewiseSha256, type StatKey } from '../../../cache/index.ts';
import { FileStat, listDirectory, readFileChunks, readLink, statFile } from '../../host/fs/index.ts';
import type { Tree, TreeEntry } from '../../image/toc/index.ts';
import { nowMs } from '../../util/clock.ts';
import type { IgnoreRule, Matcher } from '../../util/match/index.ts';
import { baseName, displayPath, joinRel, latin1Of, parentOf, type RelPath, TOP } from '../../util/rel-path.ts';
import { asContextError } from './context-error.ts';
import { KeptContents } from './kept-contents.ts';
import { KNOWN, NO_NODE, NO_XATTRS, SeenFiles, TOP_NODE, typeOf } from './seen-files.ts';

/**
 * Remembers digests of files that have no capability by what stat tells, which setting one would change; decides itself which entries can
 * be trusted (DESIGN.md section 4).
 */
export interface StatIndex {
  get(state: StatKey): Digest | undefined;
  /** @param readBeganNs wall clock when the read that gave the digest began */
  put(state: StatKey, digest: Digest, readBeganNs: bigint): void;
}

export interface ContextOptions {
  readonly ignore?: Matcher | undefined;
  readonly statIndex?: StatIndex | undefined;
  /** Outputs of this build, and the like: not part of the context, without a rule that says so. */
  readonly skip?: ((path: RelPath) => boolean) | undefined;
  /** Reads an xattr of a host path, symlinks not followed; undefined when the file has none of that name. */
  readonly getXattr?: ((path: Buffer, name: string) => Uint8Array | undefined) | undefined;
  /** Called when it turns out that there are tens of thousands of files. */
  readonly onMany?: (() => void) | undefined;
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

interface Found {
  readonly path: RelPath;
  readonly node: number;
}

const MANY = 30_000;
const CAPABILITY = 'security.capability';

class HostTree implements ContextTree {
  /** Its bytes as latin1. */
  readonly #dir: string;
  readonly #options: ContextOptions;
  readonly #seen = new SeenFiles();
  readonly #contents = new KeptContents();
  readonly #stat = new FileStat();
  /** Where the last directory was, and the last entry of one: it is asked for again at once. */
  #lastDirectory: Found = { path: TOP, node: TOP_NODE };
  #lastEntry: Found | undefined;

  constructor(dir: string, options: ContextOptions) {
    this.#dir = latin1Of(dir);
    this.#options = options;
  }

  lookup(path: RelPath): TreeEntry | undefined {
    const node = this.#nodeOf(path);
    return node !== NO_NODE && this.#isVisible(path, node) ? this.#seen.entry(node, path) : undefined;
  }

  list(path: RelPath): readonly string[] {
    const names: string[] = [];
    for (const node of this.#shownChildren(path)) {
      const name = this.#seen.name(node);
      if (this.#isShown(joinRel(path, name), node)) names.push(name);
    }
    return names;
  }

  *children(path: RelPath): Generator<TreeEntry> {
    for (const node of this.#shownChildren(path)) {
      const child = joinRel(path, this.#seen.name(node));
      if (!this.#isShown(child, node)) continue;
      this.#lastEntry = { path: child, node };
      yield this.#seen.entry(node, child);
    }
  }

  digest(entry: TreeEntry): Digest {
    const node = this.#fileOf(entry);
    return this.#seen.digest(node) ?? this.#hash(entry.path, node);
  }

  take(entry: TreeEntry): Uint8Array | undefined {
    return this.#contents.take(this.#fileOf(entry), entry.size);
  }

  read(entry: TreeEntry, sink: (chunk: Uint8Array) => void): void {
    this.#read(entry.path, this.#seen.stat(this.#fileOf(entry)), sink);
  }

  excludedBy(path: RelPath): IgnoreRule | undefined {
    const node = this.#nodeOf(path);
    if (node === NO_NODE || this.#isVisible(path, node)) return undefined;
    const rule = this.#options.ignore?.ruleFor(path);
    return rule?.negated === true ? undefined : rule;
  }

  ruleFor(path: RelPath): IgnoreRule | undefined {
    return this.#options.ignore?.ruleFor(path);
  }

  hidden(path: RelPath): readonly TreeEntry[] {
    const entries: TreeEntry[] = [];
    for (const node of this.#shownChildren(path)) {
      const child = joinRel(path, this.#seen.name(node));
      if (!this.#isVisible(child, node) && this.#isThere(child, node)) entries.push(this.#seen.entry(node, child));
    }
    return entries;
  }

  #fileOf(entry: TreeEntry): number {
    const node = this.#nodeOf(entry.path);
    if (node === NO_NODE || this.#seen.type(node) !== 'file')
      throw new Error(`no regular file of this context: ${displayPath(entry.path)}`);
    return node;
  }

  /** False when it is no longer the file that was looked at; what reads it again will see another digest. */
  #read(path: RelPath, stat: FileStat, sink: (chunk: Uint8Array) => void): boolean {
    return this.#guarded(path, () => readFileChunks(this.#hostPath(path), stat, sink));
  }

  #hash(path: RelPath, node: number): Digest {
    const stat = this.#seen.stat(node);
    const began = BigInt(nowMs()) * 1_000_000n;
    const { size } = stat;
    const hash = new PiecewiseSha256(size);
    let whole: Uint8Array | undefined;
    const isUnchanged = this.#read(path, stat, (chunk) => {
      hash.update(chunk);
      if (chunk.length === size) whole = chunk;
    });
    const digest = hash.digest();
    this.#seen.keepDigest(node, digest);
    if (isUnchanged && whole !== undefined) this.#contents.keep(node, whole);
    if (isUnchanged && !this.#seen.hasXattrs(node)) this.#options.statIndex?.put(stat.words, digest, began);
    return digest;
  }

  /** Not ignored, or a directory on the way to something that is not. No parent of it is hidden but for the same reason. */
  #isVisible(path: RelPath, node: number): boolean {
    if (!this.#seen.knows(node, KNOWN.judged))
      this.#seen.learn(node, KNOWN.judged | (this.#judge(path, node) ? KNOWN.visible : 0));
    return this.#seen.knows(node, KNOWN.visible);
  }

  #judge(path: RelPath, node: number): boolean {
    if (path === TOP) return true;
    if (this.#options.skip?.(path) === true) return false;
    const { ignore } = this.#options;
    if (ignore?.excludes(path) !== true) return !this.#skipsParentOf(path);
    return ignore.couldReinclude(path) && this.#isNeeded(path, node);
  }

  #skipsParentOf(path: RelPath): boolean {
    if (this.#options.skip === undefined) return false;
    for (let dir = parentOf(path); dir !== TOP; dir = parentOf(dir)) {
      if (this.#options.skip(dir)) return true;
    }
    return false;
  }

  /** True when an ignored directory holds something that a later rule takes back. */
  #isNeeded(path: RelPath, node: number): boolean {
    if (!this.#isThere(path, node) || this.#seen.type(node) !== 'directory') return false;
    return this.#children(path, node).some((child) => this.#isShown(joinRel(path, this.#seen.name(child)), child));
  }

  /** Of a directory that is in the context, whatever of them is. */
  #shownChildren(path: RelPath): Uint32Array {
    const node = this.#nodeOf(path);
    const isListed = node !== NO_NODE && this.#isVisible(path, node) && this.#seen.type(node) === 'directory';
    return isListed ? this.#children(path, node) : NO_CHILDREN;
  }

  #isShown(path: RelPath, node: number): boolean {
    return this.#isVisible(path, node) && this.#isThere(path, node);
  }

  #children(path: RelPath, node: number): Uint32Array {
    const known = this.#seen.children(node);
    if (known !== undefined) return known;
    const children = this.#guarded(path, () => this.#seen.keepChildren(node, listDirectory(this.#hostPath(path))));
    if (this.#seen.size > MANY) {
      this.#contents.expectMany();
      this.#options.onMany?.();
    }
    return children;
  }

  /** NO_NODE when there is nothing of that path: each is looked at once. */
  #nodeOf(path: RelPath): number {
    if (path === TOP) return this.#isThere(TOP, TOP_NODE) ? TOP_NODE : NO_NODE;
    if (path === this.#lastEntry?.path) return this.#lastEntry.node;
    const parent = this.#directoryOf(parentOf(path));
    if (parent === NO_NODE) return NO_NODE;
    const name = baseName(path);
    // what was not there when its directory was listed is not there
    const node =
      this.#seen.children(parent) === undefined
        ? this.#guarded(path, () => this.#seen.findOrAdd(parent, name))
        : this.#seen.find(parent, name);
    if (node === NO_NODE || !this.#isThere(path, node)) return NO_NODE;
    this.#lastEntry = { path, node };
    return node;
  }

  /** lstat alone would follow a symlink on the way. */
  #directoryOf(path: RelPath): number {
    if (path === this.#lastDirectory.path) return this.#lastDirectory.node;
    const node = this.#nodeOf(path);
    if (node === NO_NODE || (path !== TOP && this.#seen.type(node) !== 'directory')) return NO_NODE;
    this.#lastDirectory = { path, node };
    return node;
  }

  #isThere(path: RelPath, node: number): boolean {
    if (!this.#seen.knows(node, KNOWN.looked)) {
      const isThere = this.#guarded(path, () => this.#look(path, node));
      this.#seen.learn(node, KNOWN.looked | (isThere ? KNOWN.there : 0));
    }
    return this.#seen.knows(node, KNOWN.there);
  }

  #look(path: RelPath, node: number): boolean {
    const host = this.#hostPath(path);
    const stat = this.#stat;
    if (!statFile(path === TOP ? Buffer.concat([host, Buffer.from('/.')]) : host, stat)) return false;
    const type = typeOf(stat.mode);
    if (type === undefined) return false;
    const isKnown = type === 'file' && this.#remember(node, stat);
    const capability = type !== 'file' || isKnown ? undefined : this.#options.getXattr?.(host, CAPABILITY);
    this.#seen.keep(node, {
      stat,
      link: type === 'symlink' ? readLink(host) : '',
      xattrs: capability === undefined ? NO_XATTRS : new Map([[CAPABILITY, capability]]),
    });
    return true;
  }

  /** Whether the index knows the file as it is: its digest, and that it has no capability. */
  #remember(node: number, stat: FileStat): boolean {
    const digest = this.#options.statIndex?.get(stat.words);
    if (digest !== undefined) this.#seen.keepDigest(node, digest);
    return digest !== undefined;
  }

  #hostPath(path: RelPath): Buffer {
    return Buffer.from(path === TOP ? this.#dir : `${this.#dir}/${path}`, 'latin1');
  }

  #guarded<T>(path: RelPath, act: () => T): T {
    try {
      return act();
    } catch (error) {
      throw asContextError(path, error);
    }
  }
}

const NO_CHILDREN = new Uint32Array(0);
