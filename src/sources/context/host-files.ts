import { type Digest, NO_ENTRY, PiecewiseSha256 } from '../../../cache/index.ts';
import { FileStat, listDirectory, readFileChunks, readFileIfSame, readLink, statFile } from '../../host/fs/index.ts';
import type { Nodes, NumberedFiles, PathCopier, States, TreeEntry } from '../../image/toc/index.ts';
import { nowMs } from '../../util/clock.ts';
import { baseName, latin1Of, parentOf, type RelPath, TOP } from '../../util/rel-path.ts';
import { asContextError } from './context-error.ts';
import type { ContextOptions } from './context-options.ts';
import { HostNames } from './host-names.ts';
import { KeptContents } from './kept-contents.ts';
import { isSocket, KNOWN, NO_NODE, SeenFiles, TOP_NODE, typeOf } from './seen-files.ts';
import { CAPABILITY, SettledFiles } from './settled-files.ts';

const MANY = 30_000;
const PERMISSIONS = 0o7777;

/** The files of a context directory by their nodes, each of them looked at once. */
export class HostFiles implements NumberedFiles {
  /** Its bytes as latin1. */
  readonly #dir: string;
  readonly #options: ContextOptions;
  readonly #seen = new SeenFiles();
  readonly #settled: SettledFiles;
  readonly #contents = new KeptContents();
  readonly #stat = new FileStat();
  readonly #hostNames: HostNames;
  /** Where the last directory was, and the last entry of one: it is asked for again at once. */
  #lastDirectory = { path: TOP, node: TOP_NODE };
  #lastPath: RelPath | undefined;
  #lastNode = NO_NODE;
  /** Whose host path was spelled out last. */
  #lastHost: { readonly node: number; readonly host: Buffer } | undefined;
  #clock = { ms: 0, ns: 0n };

  constructor(dir: string, options: ContextOptions) {
    this.#dir = latin1Of(dir);
    this.#options = options;
    this.#settled = new SettledFiles(options.statIndex);
    this.#hostNames = new HostNames(this.#seen);
  }

  number(path: RelPath): number | undefined {
    const node = this.nodeOf(path);
    return node !== NO_NODE && this.isVisible(node) ? node : undefined;
  }

  children(directory: number): Iterable<number> {
    const all = this.listed(directory);
    this.#hostNames.enter(this.#hostPath(this.path(directory)));
    let count = 0;
    for (let index = 0; index < all.length; index += 1) if (this.#isShown(all.at(index) ?? NO_NODE)) count += 1;
    return count === all.length ? all : Array.from(all).filter((node) => this.#isShown(node));
  }

  /** Of a node in the directory that was entered last. */
  #isShown(node: number): boolean {
    if (!this.isVisible(node)) return false;
    if (!this.#seen.knows(node, KNOWN.looked)) this.#lookIn(node);
    return this.#seen.knows(node, KNOWN.there);
  }

  /** Of a directory, whatever of its children is in the context, or is there at all. */
  listed(directory: number): Nodes {
    const known = this.#seen.children(directory);
    if (known !== undefined) return known;
    const path = this.path(directory);
    const children = this.#guarded(path, () => this.#seen.keepChildren(directory, listDirectory(this.#hostPath(path))));
    if (this.#seen.size > MANY) {
      this.#contents.expectMany();
      this.#options.onMany?.();
    }
    return children;
  }

  isDirectory(node: number): boolean {
    return this.#seen.knows(node, KNOWN.directory);
  }

  isFile(node: number): boolean {
    return this.#seen.knows(node, KNOWN.file);
  }

  name(node: number): string {
    return this.#seen.name(node);
  }

  path(node: number): RelPath {
    return this.#seen.path(node);
  }

  entry(node: number, path: RelPath): TreeEntry {
    this.#lastPath = path;
    this.#lastNode = node;
    this.#settle(node);
    const entry = this.#seen.entry(node, path, this.#settled.xattrs(node));
    return this.#options.attributesOf === undefined ? entry : { ...entry, ...this.#options.attributesOf(path) };
  }

  linkGroup(node: number): string | undefined {
    return this.isFile(node) ? this.#seen.linkGroup(node) : undefined;
  }

  digest(node: number): Digest {
    this.#settle(node);
    return this.#settled.digest(node) ?? this.#hash(node);
  }

  plainMode(node: number): number | undefined {
    const seen = this.#seen;
    if (!seen.knows(node, KNOWN.file) || seen.knows(node, KNOWN.linked)) return undefined;
    if (this.#options.attributesOf !== undefined) return undefined;
    this.#settle(node);
    return this.#settled.hasXattrs(node) ? undefined : seen.mode(node) & PERMISSIONS;
  }

  copyDigest(node: number, into: Uint8Array, offset: number): void {
    this.#settle(node);
    if (!this.#settled.hasDigest(node)) this.#hash(node);
    this.#settled.copyDigest(node, into, offset);
  }

  states(most: number): States | undefined {
    const { statIndex, attributesOf } = this.#options;
    const areTrusted = statIndex !== undefined && statIndex.isForgetful !== true && attributesOf === undefined;
    return areTrusted && this.#seen.size <= most ? { place: this.#dir, digest: this.#seen.fingerprint() } : undefined;
  }

  isKnownByState(node: number): boolean {
    return !this.isFile(node) || this.#settled.isIndexed(node);
  }

  pathCopier(above: number): PathCopier {
    return this.#seen.pathCopier(above);
  }

  take(node: number, size: number): Uint8Array | undefined {
    return this.#contents.take(node, size);
  }

  read(node: number, sink: (chunk: Uint8Array) => void): void {
    const stat = this.#seen.stat(node);
    if (!isSocket(stat.mode)) this.#read(node, (host) => readFileChunks(host, stat, sink));
  }

  /** NO_NODE when there is nothing of that path: each is looked at once. */
  nodeOf(path: RelPath): number {
    if (path === TOP) return this.isThere(TOP_NODE) ? TOP_NODE : NO_NODE;
    if (path === this.#lastPath) return this.#lastNode;
    const parent = this.#directoryOf(parentOf(path));
    if (parent === NO_NODE) return NO_NODE;
    const name = baseName(path);
    // what was not there when its directory was listed is not there
    const node =
      this.#seen.children(parent) === undefined
        ? this.#guarded(path, () => this.#seen.findOrAdd(parent, name))
        : this.#seen.find(parent, name);
    if (node === NO_NODE || !this.isThere(node)) return NO_NODE;
    this.#lastPath = path;
    this.#lastNode = node;
    return node;
  }

  /** Not ignored, or a directory on the way to something that is not. No parent of it is hidden but for the same reason. */
  isVisible(node: number): boolean {
    if (!this.#seen.knows(node, KNOWN.judged))
      this.#seen.learn(node, KNOWN.judged | (this.#judge(node) ? KNOWN.visible : 0));
    return this.#seen.knows(node, KNOWN.visible);
  }

  isThere(node: number): boolean {
    if (!this.#seen.knows(node, KNOWN.looked)) this.#look(node);
    return this.#seen.knows(node, KNOWN.there);
  }

  #look(node: number): void {
    const path = this.path(node);
    this.#guarded(path, () => {
      const host = this.#hostPath(path);
      this.#learn(node, statFile(path === TOP ? Buffer.concat([host, Buffer.from('/.')]) : host, this.#stat));
    });
  }

  /** The same in the directory that was entered last. */
  #lookIn(node: number): void {
    try {
      this.#hostNames.point(node);
      this.#learn(node, this.#hostNames.stat(this.#stat));
    } catch (error) {
      throw asContextError(this.path(node), error);
    }
  }

  #learn(node: number, isThere: boolean): void {
    this.#seen.learn(node, KNOWN.looked | (isThere && this.#keep(node) ? KNOWN.there : 0));
  }

  #keep(node: number): boolean {
    const stat = this.#stat;
    const type = typeOf(stat.mode);
    if (type === undefined) return false;
    this.#seen.keep(node, { stat, link: type === 'symlink' ? readLink(this.#hostOf(node)) : '' });
    return true;
  }

  /** What a COPY of which nothing has changed need not know. The index knows digests, and that there is no capability. */
  #settle(node: number): void {
    if (this.#settled.has(node)) return;
    const { statIndex, getXattr } = this.#options;
    const isFile = this.isFile(node);
    const indexed = isFile && statIndex !== undefined ? statIndex.find(this.#seen.stat(node).words) : NO_ENTRY;
    const isNew = isFile && indexed === NO_ENTRY && getXattr !== undefined;
    const capability = isNew ? this.#read(node, (host) => getXattr(host, CAPABILITY)) : undefined;
    this.#settled.settle(node, { capability, indexed });
  }

  #judge(node: number): boolean {
    const { ignore, skip } = this.#options;
    if (node === TOP_NODE || (ignore === undefined && skip === undefined)) return true;
    const path = this.path(node);
    if (skip?.(path) === true) return false;
    if (ignore?.excludes(path) !== true) return !this.#skipsParentOf(path);
    return ignore.couldReinclude(path) && this.#isNeeded(node);
  }

  #skipsParentOf(path: RelPath): boolean {
    if (this.#options.skip === undefined) return false;
    for (let dir = parentOf(path); dir !== TOP; dir = parentOf(dir)) {
      if (this.#options.skip(dir)) return true;
    }
    return false;
  }

  /** True when an ignored directory holds something that a later rule takes back. */
  #isNeeded(node: number): boolean {
    if (!this.isThere(node) || !this.isDirectory(node)) return false;
    for (const child of this.listed(node)) if (this.isVisible(child) && this.isThere(child)) return true;
    return false;
  }

  /** lstat alone would follow a symlink on the way. */
  #directoryOf(path: RelPath): number {
    if (path === this.#lastDirectory.path) return this.#lastDirectory.node;
    const node = this.nodeOf(path);
    if (node === NO_NODE || (path !== TOP && !this.isDirectory(node))) return NO_NODE;
    this.#lastDirectory = { path, node };
    return node;
  }

  /** @param read a file of the host's */
  #read<T>(node: number, read: (host: Buffer) => T): T {
    try {
      return read(this.#hostOf(node));
    } catch (error) {
      throw asContextError(this.path(node), error);
    }
  }

  #hash(node: number): Digest {
    const stat = this.#seen.stat(node);
    const began = this.#now();
    const { size } = stat;
    const hash = new PiecewiseSha256(size);
    let whole: Uint8Array | undefined;
    const take = (chunk: Uint8Array): void => {
      hash.update(chunk);
      if (chunk.length === size) whole = chunk;
    };
    // if it is another file by now, what reads it again will see another digest
    const isUnchanged = isSocket(stat.mode) || this.#read(node, (host) => readFileIfSame(host, stat, take));
    const digest = hash.digest();
    if (isUnchanged && whole !== undefined) this.#contents.keep(node, whole);
    const isKnowable = isUnchanged && !this.#settled.hasXattrs(node);
    const indexed = isKnowable ? this.#options.statIndex?.put(stat.words, digest, began) : undefined;
    this.#settled.keepDigest(node, digest, indexed);
    return digest;
  }

  /** Wall clock in ns: many files are read in one millisecond. */
  #now(): bigint {
    const ms = nowMs();
    if (ms !== this.#clock.ms) this.#clock = { ms, ns: BigInt(ms) * 1_000_000n };
    return this.#clock.ns;
  }

  #hostOf(node: number): Buffer {
    if (this.#lastHost?.node !== node) this.#lastHost = { node, host: this.#hostPath(this.path(node)) };
    return this.#lastHost.host;
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
