import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { type Digest, parseDigest } from '../../../cache/index.ts';
import { joinRel, parentOf, type RelPath } from '../../util/rel-path.ts';
import type { TocEntry } from './entry.ts';
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

/** An entry and the layer whose tar holds its content. */
interface Found {
  readonly entry: TreeEntry;
  readonly layer: number;
  readonly offset: number;
  readonly digest: Digest | undefined;
}

const CHUNK = 1024 * 1024;
const DEFAULTS = {
  mode: 0o755,
  uid: 0,
  gid: 0,
  size: 0,
  mtimeSec: 0,
  mtimeNsec: 0,
  link: '',
  devMajor: 0,
  devMinor: 0,
  xattrs: new Map(),
} as const;

class MergedTree implements StackTree {
  readonly #layers: readonly StackLayer[];
  readonly #files: (number | undefined)[] = [];
  /** Layers whose entries in a directory are visible, top first. */
  readonly #visible = new Map<RelPath, readonly number[]>();
  readonly #found = new WeakMap<TreeEntry, Found>();
  readonly #digests = new Map<string, Digest>();

  constructor(layers: readonly StackLayer[]) {
    this.#layers = layers;
    this.#visible.set('' as RelPath, this.#visibleTop());
  }

  lookup(path: RelPath): TreeEntry | undefined {
    return this.#find(path)?.entry;
  }

  list(path: RelPath): readonly string[] {
    if (path !== '' && this.lookup(path)?.type !== 'directory') return [];
    const names = new Map<string, boolean>();
    for (const layer of this.#visibleIn(path)) {
      const toc = this.#toc(layer);
      for (const name of toc.list(path)) {
        if (!names.has(name)) names.set(name, toc.lookup(joinRel(path, name))?.whiteout !== true);
      }
    }
    return [...names]
      .filter(([, shown]) => shown)
      .map(([name]) => name)
      .sort();
  }

  digest(entry: TreeEntry): Digest {
    const found = this.#require(entry);
    if (found.digest !== undefined) return found.digest;
    const key = `${found.layer} ${found.offset}`;
    let digest = this.#digests.get(key);
    if (digest === undefined) {
      const hash = createHash('sha256');
      this.read(entry, (chunk) => void hash.update(chunk));
      digest = parseDigest(`sha256:${hash.digest('hex')}`);
      this.#digests.set(key, digest);
    }
    return digest;
  }

  read(entry: TreeEntry, sink: (chunk: Uint8Array) => void): void {
    const { layer, offset } = this.#require(entry);
    const fd = this.#open(layer);
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK, Math.max(1, entry.size)));
    let done = 0;
    while (done < entry.size) {
      const count = readSync(fd, buffer, 0, Math.min(buffer.length, entry.size - done), offset + done);
      if (count === 0) throw new Error(`the tar of layer ${layer} ends in the middle of ${entry.path}`);
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

  #require(entry: TreeEntry): Found {
    const found = this.#found.get(entry) ?? this.#find(entry.path);
    if (found?.entry.type !== 'file') throw new Error(`no regular file of this stack: ${entry.path}`);
    return found;
  }

  #find(path: RelPath): Found | undefined {
    if (path === '') return this.#topDirectory();
    const visible = this.#visibleIn(parentOf(path));
    for (const layer of visible) {
      const entry = this.#toc(layer).lookup(path);
      if (entry?.whiteout === true) return undefined;
      if (entry !== undefined) return this.#present(entry, layer);
    }
    const implied = visible.find((layer) => this.#toc(layer).hasBelow(path));
    return implied === undefined
      ? undefined
      : this.#remember({
          entry: { ...DEFAULTS, path, type: 'directory' },
          layer: implied,
          offset: 0,
          digest: undefined,
        });
  }

  #topDirectory(): Found {
    for (const layer of this.#visibleTop()) {
      const entry = this.#toc(layer).lookup('');
      const found = entry?.type === 'directory' ? this.#present(entry, layer) : undefined;
      if (found !== undefined) return found;
    }
    return this.#remember({
      entry: { ...DEFAULTS, path: '' as RelPath, type: 'directory' },
      layer: 0,
      offset: 0,
      digest: undefined,
    });
  }

  /** A hard link shows as the file it is another name of, in its layer or, in a foreign one, in what lies below. */
  #present(entry: TocEntry, layer: number): Found | undefined {
    const { offset, digest, whiteout: _w, opaque: _o, linkGroup, ...attributes } = entry;
    const group = linkGroup === undefined ? {} : { linkGroup: `${layer}:${linkGroup}` };
    if (entry.type !== 'hardlink') return this.#remember({ entry: { ...attributes, ...group }, layer, offset, digest });
    const target = this.#linked(entry, layer);
    if (target === undefined || target.entry.type === 'directory') return undefined;
    return this.#remember({
      ...target,
      entry: { ...target.entry, path: entry.path, linkGroup: `${layer}:${linkGroup ?? entry.link}` },
    });
  }

  #linked(entry: TocEntry, layer: number): Found | undefined {
    const target = this.#toc(layer).lookup(entry.link);
    if (target !== undefined)
      return target.type === 'hardlink' || target.whiteout === true ? undefined : this.#present(target, layer);
    const below = new MergedTree(this.#layers.slice(0, layer));
    return below.#find(entry.link as RelPath);
  }

  #remember(found: Found): Found {
    this.#found.set(found.entry, found);
    return found;
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
        if (toc.hasBelow(dir)) layers.push(layer);
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
