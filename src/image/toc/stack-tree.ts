import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { type Digest, digestOfHash } from '../../../cache/index.ts';
import { parentOf, type RelPath, TOP } from '../../util/rel-path.ts';
import { IMPLIED_DIRECTORY } from '../archive/index.ts';
import type { TocEntry } from './entry.ts';
import { StackEntry } from './stack-entry.ts';
import type { Toc } from './toc.ts';
import type { Tree, TreeEntry } from './tree.ts';

export interface StackLayer {
  readonly toc: Toc;
  /** Host path of the uncompressed tar. */
  readonly tarPath: string;
}

export interface StackTree extends Tree {
  /** A small regular file's content, symlinks not followed; undefined when there is no such file or it is larger. */
  readSmall(path: RelPath, maxBytes: number): Buffer | undefined;
  close(): void;
}

/** What a stack of layers shows, bottom to top, without unpacking it. */
export function stackTree(layers: readonly StackLayer[]): StackTree {
  return new MergedTree(layers);
}

const CHUNK = 1024 * 1024;
/** By offset in the tar, of the files of foreign layers that were asked for: every stack that a layer is in shares them. */
const foreignDigests = new WeakMap<Toc, Map<number, Digest>>();

function digestsOf(toc: Toc): Map<number, Digest> {
  let digests = foreignDigests.get(toc);
  if (digests === undefined) {
    digests = new Map();
    foreignDigests.set(toc, digests);
  }
  return digests;
}

class MergedTree implements StackTree {
  readonly #layers: readonly StackLayer[];
  readonly #files: (number | undefined)[] = [];
  /** Layers whose entries in a directory are visible, top first. */
  readonly #visible = new Map<RelPath, readonly number[]>();
  /** The stacks below layers that link into them. */
  readonly #below = new Map<number, MergedTree>();

  constructor(layers: readonly StackLayer[]) {
    this.#layers = layers;
    this.#visible.set(TOP, this.#visibleTop());
  }

  lookup(path: RelPath): TreeEntry | undefined {
    return this.#find(path);
  }

  list(path: RelPath): readonly string[] {
    if (path !== '' && this.#find(path)?.type !== 'directory') return [];
    const layers = this.#visibleIn(path);
    const shown = new Set<string>();
    const hidden = new Set<string>();
    for (const layer of layers) {
      const toc = this.#toc(layer);
      const whiteouts = toc.listWhiteouts(path);
      for (const name of whiteouts) if (!shown.has(name)) hidden.add(name);
      for (const name of toc.list(path)) if (!hidden.has(name)) shown.add(name);
    }
    return layers.length === 1 ? [...shown] : [...shown].sort();
  }

  digest(entry: TreeEntry): Digest {
    const file = this.#require(entry);
    const { digest: known, layer, offset } = file.place;
    if (known !== undefined) return known;
    const digests = digestsOf(this.#toc(layer));
    let digest = digests.get(offset);
    if (digest === undefined) {
      const hash = createHash('sha256');
      this.read(file, (chunk) => void hash.update(chunk));
      digest = digestOfHash(hash);
      digests.set(offset, digest);
    }
    return digest;
  }

  read(entry: TreeEntry, sink: (chunk: Uint8Array) => void): void {
    const { place, size, path } = this.#require(entry);
    const fd = this.#open(place.layer);
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK, Math.max(1, size)));
    let done = 0;
    while (done < size) {
      const count = readSync(fd, buffer, 0, Math.min(buffer.length, size - done), place.offset + done);
      if (count === 0) throw new Error(`the tar of layer ${place.layer} ends in the middle of ${path}`);
      sink(buffer.subarray(0, count));
      done += count;
    }
  }

  readSmall(path: RelPath, maxBytes: number): Buffer | undefined {
    const entry = this.lookup(path);
    if (entry?.type !== 'file' || entry.size > maxBytes) return undefined;
    const chunks: Buffer[] = [];
    this.read(entry, (chunk) => void chunks.push(Buffer.from(chunk)));
    return Buffer.concat(chunks);
  }

  close(): void {
    for (const fd of this.#files.splice(0)) if (fd !== undefined) closeSync(fd);
  }

  #require(entry: TreeEntry): StackEntry {
    const found = StackEntry.of(entry, this) ?? this.#find(entry.path);
    if (found?.type !== 'file') throw new Error(`no regular file of this stack: ${entry.path}`);
    return found;
  }

  #find(path: RelPath): StackEntry | undefined {
    // what a layer says of the top itself no engine obeys
    if (path === TOP) return this.#implied(TOP, 0);
    let implied: number | undefined;
    for (const layer of this.#visibleIn(parentOf(path))) {
      const toc = this.#toc(layer);
      const entry = toc.lookup(path);
      if (entry === undefined) {
        if (!toc.closed && toc.hasBelow(path)) implied ??= layer;
        continue;
      }
      if (entry.whiteout === true || (implied !== undefined && entry.type !== 'directory')) break;
      return this.#present(entry, layer);
    }
    return implied === undefined ? undefined : this.#implied(path, implied);
  }

  #implied(path: RelPath, layer: number): StackEntry {
    return new StackEntry(
      { ...IMPLIED_DIRECTORY, path, isImplied: true },
      { layer, offset: 0, digest: undefined, linkGroup: undefined, stack: this },
    );
  }

  #present(entry: TocEntry, layer: number): StackEntry | undefined {
    return entry.type === 'hardlink' ? this.#linked(entry, layer) : this.#entry(entry, layer);
  }

  #entry(entry: TocEntry, layer: number): StackEntry {
    const linkGroup = entry.linkGroup === undefined ? undefined : `${layer}:${entry.linkGroup}`;
    return new StackEntry(entry, { layer, offset: entry.offset, digest: entry.digest, linkGroup, stack: this });
  }

  /** A hard link shows as the file it is another name of, in its layer or, in a foreign one, in what lies below. */
  #linked(link: TocEntry, layer: number): StackEntry | undefined {
    const near = this.#toc(layer).lookup(link.link);
    const isHere = near !== undefined && near.type !== 'hardlink' && near.whiteout !== true;
    const target = isHere ? this.#entry(near, layer) : this.#under(layer).#find(link.link as RelPath);
    if (target === undefined || target.type === 'directory') return undefined;
    return target.renamed(link.path, `${layer}:${link.linkGroup ?? link.link}`, this);
  }

  #under(layer: number): MergedTree {
    let below = this.#below.get(layer);
    if (below === undefined) {
      below = new MergedTree(this.#layers.slice(0, layer));
      this.#below.set(layer, below);
    }
    return below;
  }

  #visibleTop(): readonly number[] {
    const layers: number[] = [];
    for (let layer = this.#layers.length - 1; layer >= 0; layer -= 1) {
      layers.push(layer);
      if (this.#toc(layer).lookup('')?.opaque === true) break;
    }
    return layers;
  }

  #visibleIn(dir: RelPath): readonly number[] {
    const known = this.#visible.get(dir);
    if (known !== undefined) return known;
    const layers: number[] = [];
    for (const layer of this.#visibleIn(parentOf(dir))) {
      const toc = this.#toc(layer);
      const entry = toc.lookup(dir);
      if (entry === undefined) {
        if (!toc.closed && toc.hasBelow(dir)) layers.push(layer);
        continue;
      }
      if (entry.whiteout === true || entry.type !== 'directory') break;
      layers.push(layer);
      if (entry.opaque === true) break;
    }
    this.#visible.set(dir, layers);
    return layers;
  }

  #toc(layer: number): Toc {
    const one = this.#layers[layer];
    if (one === undefined) throw new Error(`no layer ${layer}`);
    return one.toc;
  }

  #open(layer: number): number {
    let fd = this.#files[layer];
    if (fd === undefined) {
      fd = openSync(this.#layers[layer]?.tarPath ?? '', 'r');
      this.#files[layer] = fd;
    }
    return fd;
  }
}
