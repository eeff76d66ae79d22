import { createHash } from 'node:crypto';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import {
  type ContentID,
  type DiffID,
  type Digest,
  diffIDOf,
  digestOfHash,
  PiecewiseSha256,
  parseDigest,
} from '../../../cache/index.ts';
import { displayPath, type RelPath } from '../../util/rel-path.ts';
import { ArchiveError, BARE, makeTarWriter, type TarEntry, tarName } from '../archive/index.ts';
import { placedEntry, type TocEntry, TocWriter } from '../toc/index.ts';
import type { TarTap } from './deflate-ahead.ts';
import { isForbiddenXattr, OPAQUE_NAME, WHITEOUT_PREFIX, whiteoutOf } from './names.ts';

export interface WrittenLayerFiles {
  readonly diffID: DiffID;
  readonly contentID: ContentID;
  /** Bytes of the tar. */
  readonly size: number;
  readonly entryCount: number;
  /** xattrs that were left out. */
  readonly warnings: readonly string[];
}

export interface EntryInfo {
  readonly linkGroup?: string | undefined;
  readonly digest?: Digest | undefined;
}

/**
 * Writes a layer's tar and its table of contents in one pass, hashing on the way. Times in the tar are whole seconds, as in the layers of
 * containerd and docker, and take no extended header for each file; the table has all of a time, for the steps that stand on the layer.
 */
export interface LayerWriter {
  /**
   * @param read gives a file's content: exactly `entry.size` bytes. Without it a file must be empty.
   * @param info digest: of just these bytes, when it was made already
   * @returns the sha256 of a regular file's bytes as they were written
   * @throws ArchiveError reserved-name for names that mean whiteouts
   */
  add(entry: TarEntry, read?: (sink: (chunk: Uint8Array) => void) => void, info?: EntryInfo): Digest | undefined;
  /** The path is removed from the layers below. */
  whiteout(path: RelPath): void;
  /** The directory, added just before, hides what lower layers have in it. */
  opaque(path: RelPath): void;
  /** @returns what was written; the files are complete, and not synced */
  finish(): WrittenLayerFiles;
  /** Removes what was written. */
  abort(): void;
}

export interface LayerFiles {
  readonly tarPath: string;
  readonly tocPath: string;
  readonly tap?: TarTap | undefined;
}

/** Entries come in byte order of their names in the tar (compareTarNames): what is written depends on nothing else. */
export function openLayerWriter(files: LayerFiles): LayerWriter {
  return new FileLayerWriter(files);
}

export type NamedEntry = Pick<TarEntry, 'path' | 'type'> & { readonly whiteout?: boolean | undefined };

/** The order in which a layer writer wants its entries. */
export function compareTarNames(a: NamedEntry, b: NamedEntry): number {
  const [left, right] = [nameInTar(a), nameInTar(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

function nameInTar(entry: NamedEntry): string {
  return entry.whiteout === true ? whiteoutOf(entry.path) : tarName(entry);
}

/** Of no bytes. */
const EMPTY_DIGEST = parseDigest('sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');

class FileLayerWriter implements LayerWriter {
  readonly #tarPath: string;
  readonly #tocPath: string;
  readonly #tap: TarTap | undefined;
  readonly #fd: number;
  readonly #hash = createHash('sha256');
  readonly #tar = makeTarWriter((chunk) => this.#put(chunk), { inSeconds: true });
  readonly #toc: TocWriter;
  /** Added, and perhaps opaque. */
  #pending: TocEntry | undefined;
  readonly #warnings: string[] = [];
  #last = '';
  #isOpen = true;

  constructor({ tarPath, tocPath, tap }: LayerFiles) {
    this.#tarPath = tarPath;
    this.#tocPath = tocPath;
    this.#tap = tap;
    this.#fd = openSync(tarPath, 'wx', 0o600);
    this.#toc = new TocWriter(tocPath);
  }

  add(entry: TarEntry, read?: (sink: (chunk: Uint8Array) => void) => void, info?: EntryInfo): Digest | undefined {
    this.#inOrder(tarName(entry));
    if (entry.path.startsWith(WHITEOUT_PREFIX, entry.path.lastIndexOf('/') + 1))
      throw new ArchiveError(
        'reserved-name',
        `a layer cannot hold ${JSON.stringify(displayPath(entry.path))}: names that begin with ${WHITEOUT_PREFIX} mean removals`,
      );
    const clean = this.#withoutForbidden(entry);
    this.#tar.entry(clean);
    const offset = this.#tar.offset;
    const digest = clean.type === 'file' ? this.#content(clean, read, info?.digest) : undefined;
    const linkGroup = info?.linkGroup ?? (clean.type === 'hardlink' ? clean.link : undefined);
    this.#keep(placedEntry(clean, { offset, digest, linkGroup }));
    return digest;
  }

  whiteout(path: RelPath): void {
    const name = whiteoutOf(path);
    this.#inOrder(name);
    this.#tar.entry({ ...BARE, path: name as RelPath, type: 'file' });
    this.#keep({ ...BARE, path, type: 'file', offset: 0, whiteout: true });
  }

  opaque(path: RelPath): void {
    const last = this.#pending;
    if (last?.path !== path || last.type !== 'directory')
      throw new Error(`opaque directory ${path} was not added just before`);
    this.#tar.entry({
      ...BARE,
      path: (path === '' ? OPAQUE_NAME : `${path}/${OPAQUE_NAME}`) as RelPath,
      type: 'file',
    });
    this.#pending = { ...last, opaque: true };
  }

  finish(): WrittenLayerFiles {
    this.#tar.end();
    const size = this.#tar.offset;
    this.#close();
    const diffID = diffIDOf(digestOfHash(this.#hash));
    if (this.#pending !== undefined) this.#toc.add(this.#pending);
    const { contentID, count } = this.#toc.finish();
    return { diffID, contentID, size, entryCount: count, warnings: this.#warnings };
  }

  abort(): void {
    this.#close();
    this.#toc[Symbol.dispose]();
    rmSync(this.#tarPath, { force: true });
    rmSync(this.#tocPath, { force: true });
  }

  #put(chunk: Uint8Array): void {
    this.#hash.update(chunk);
    for (let at = 0; at < chunk.length; ) at += writeSync(this.#fd, chunk, at);
    this.#tap?.append(chunk);
  }

  #keep(entry: TocEntry): void {
    if (this.#pending !== undefined) this.#toc.add(this.#pending);
    this.#pending = entry;
  }

  #content(entry: TarEntry, read: ((sink: (chunk: Uint8Array) => void) => void) | undefined, known?: Digest): Digest {
    if (entry.size === 0) return EMPTY_DIGEST;
    if (read === undefined) throw new Error(`no content for ${entry.path}`);
    const hash = new PiecewiseSha256(entry.size);
    let size = 0;
    read((chunk) => {
      size += chunk.length;
      if (known === undefined) hash.update(chunk);
      this.#tar.content(chunk);
    });
    if (size !== entry.size) throw new Error(`${entry.path}: ${size} bytes came, ${entry.size} were announced`);
    return known ?? hash.digest();
  }

  #withoutForbidden(entry: TarEntry): TarEntry {
    if (entry.xattrs.size === 0) return entry;
    const forbidden = [...entry.xattrs.keys()].filter(isForbiddenXattr);
    if (forbidden.length === 0) return entry;
    this.#warnings.push(`${displayPath(entry.path)}: left out ${forbidden.join(', ')}`);
    return { ...entry, xattrs: new Map([...entry.xattrs].filter(([name]) => !isForbiddenXattr(name))) };
  }

  #inOrder(name: string): void {
    if (this.#last !== '' && name <= this.#last)
      throw new ArchiveError('wrong-order', `${name} comes after ${this.#last}`);
    this.#last = name;
  }

  #close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    closeSync(this.#fd);
  }
}
