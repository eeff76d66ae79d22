import { createHash, randomBytes } from 'node:crypto';
import {
  type BigIntStats,
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type DiffID, digestOf, digestOfHash, hexOf } from '../digest.ts';
import {
  publishBytes,
  publishUnsynced,
  readIfThere,
  removeFile,
  sizeIfThere,
  type TempPath,
  type Warn,
} from '../files.ts';
import { type Holds, NO_HOLDS } from '../holds.ts';
import type { BlobRef } from '../types.ts';
import { type LayerMeta, parseMeta, renderMeta, type StoredMeta } from './meta.ts';

/**
 * Layers by diffID: layers/v1/<hex>/ with `tar` (0444), `toc`, `meta`, and what the worker makes of them (`erofs`, `fs`).
 * Tar and toc are not synced when they are published (that costs 0.1 to 0.6 s for 200 MB, on the critical path): the meta file names
 * the boot they were written in, and after another boot they are read and checked once before they count.
 */
export interface LayerStore {
  dir(diffID: DiffID): string;
  tarPath(diffID: DiffID): string;
  tocPath(diffID: DiffID): string;
  fsPath(diffID: DiffID): string;
  /** Keeps the layer from being pruned as long as the lease lasts; whether there is one. Its bytes are not looked at. */
  hold(diffID: DiffID): boolean;
  /** Tar and toc are here and whole. A layer that was asked for is held. */
  has(diffID: DiffID): boolean;
  /** Undefined when the layer is not here. */
  meta(diffID: DiffID): LayerMeta | undefined;
  /**
   * The tar is what was published: not touched since, or looked at again and the same. To be asked before its bytes become a file system;
   * a layer whose tar is not is not here any more.
   */
  isTarIntact(diffID: DiffID): boolean;
  /** Tells that the layer's bytes turned out to be wrong: it is not here any more. */
  reportDamage(diffID: DiffID): void;
  /** Moves the files in, or removes them when the layer is here already: returning means "the layer is stored". */
  publish(diffID: DiffID, files: { tar: string; toc: string }, meta: LayerMeta): void;
  /** Does nothing for a layer that is not here. */
  recordBlob(diffID: DiffID, compression: string, blob: BlobRef): void;
  /** The unpacked layer is here, and of this boot. */
  hasFs(diffID: DiffID): boolean;
  /** Takes a directory by rename; when there is one already, `tempDir` stays and is the caller's. */
  publishFs(diffID: DiffID, tempDir: string): void;
  remove(diffID: DiffID): void;
  /** This store found it damaged: it was not pruned. */
  wasDamaged(diffID: DiffID): boolean;
}

export interface LayerStoreOptions {
  readonly onWarning?: Warn;
  readonly tempPath?: TempPath;
  /** Of the lease that the store is opened under. */
  readonly holds?: Holds;
  /** Names the current boot. */
  readonly boot?: string;
}

/** Works without a Root: the worker opens it on the same directory, on its own. */
export function openLayerStore(rootDir: string, options: LayerStoreOptions = {}): LayerStore {
  const { onWarning = () => undefined, boot = currentBoot(), holds = NO_HOLDS } = options;
  const { tempPath = ownTempPath(rootDir) } = options;
  return new DirectoryLayerStore(join(rootDir, 'layers', 'v1'), { onWarning, boot, tempPath, holds });
}

const MINUTE_MS = 60_000;

class DirectoryLayerStore implements LayerStore {
  readonly #dir: string;
  readonly #options: Required<LayerStoreOptions>;
  readonly #damaged = new Set<DiffID>();
  /** What the tar's stat said when it was found intact. */
  readonly #intact = new Map<DiffID, string>();

  constructor(dir: string, options: Required<LayerStoreOptions>) {
    this.#dir = dir;
    this.#options = options;
  }

  dir(diffID: DiffID): string {
    // joined by hand: these are asked for all the time, and have nothing to be tidied up
    return `${this.#dir}/${hexOf(diffID)}`;
  }

  tarPath(diffID: DiffID): string {
    return `${this.dir(diffID)}/tar`;
  }

  tocPath(diffID: DiffID): string {
    return `${this.dir(diffID)}/toc`;
  }

  fsPath(diffID: DiffID): string {
    return `${this.dir(diffID)}/fs`;
  }

  hold(diffID: DiffID): boolean {
    const { holds } = this.#options;
    const meta = this.#metaPath(diffID);
    if (holds.has(diffID)) return existsSync(meta);
    // Asked before and after: a hold on what was never here would only make the lease longer.
    if (!existsSync(meta) || !holds.hold(diffID) || !existsSync(meta)) return false;
    holds.markUsed(meta, MINUTE_MS);
    return true;
  }

  has(diffID: DiffID): boolean {
    return this.#stored(diffID) !== undefined;
  }

  meta(diffID: DiffID): LayerMeta | undefined {
    const stored = this.#stored(diffID);
    return stored && { contentID: stored.contentID, size: stored.size, blobs: stored.blobs };
  }

  isTarIntact(diffID: DiffID): boolean {
    if (this.#isAsBefore(diffID)) return true;
    if (!this.has(diffID)) return false;
    const tar = statSync(this.tarPath(diffID), { bigint: true });
    const stamp = stampOf(tar);
    // A toc moves in after its tar: nobody who writes to the tar later can be earlier than that.
    const isUntouched = tar.ctimeNs <= statSync(this.tocPath(diffID), { bigint: true }).ctimeNs;
    if (!isUntouched && !this.#isChecked(diffID, stamp)) return false;
    this.#intact.set(diffID, stamp);
    return true;
  }

  /** A step on many layers asks for each of them. The meta goes first when a layer goes, or is found to be damaged. */
  #isAsBefore(diffID: DiffID): boolean {
    const before = this.#intact.get(diffID);
    if (before === undefined || !existsSync(this.#metaPath(diffID))) return false;
    if (!existsSync(this.tocPath(diffID))) return false;
    const tar = statSync(this.tarPath(diffID), { bigint: true, throwIfNoEntry: false });
    return tar !== undefined && stampOf(tar) === before;
  }

  /** A tar that was touched is what its name says; remembered until it is touched again. */
  #isChecked(diffID: DiffID, stamp: string): boolean {
    const stampPath = `${this.dir(diffID)}/tar-checked`;
    if (readIfThere(stampPath)?.toString('utf8') === stamp) return true;
    if (digestOfFile(this.tarPath(diffID)) !== diffID) {
      this.reportDamage(diffID);
      return false;
    }
    publishBytes(stampPath, stamp, this.#options.tempPath);
    return true;
  }

  publish(diffID: DiffID, { tar, toc }: { tar: string; toc: string }, meta: LayerMeta): void {
    this.#options.holds.hold(diffID);
    if (this.has(diffID)) {
      for (const file of [tar, toc]) removeFile(file);
      for (const [compression, blob] of Object.entries(meta.blobs)) this.recordBlob(diffID, compression, blob);
      return;
    }
    const { contentID, size, blobs } = meta;
    const stored: StoredMeta = { contentID, size, blobs, toc: digestOf(readFileSync(toc)), boot: this.#options.boot };
    mkdirSync(this.dir(diffID), { recursive: true, mode: 0o700 });
    chmodSync(tar, 0o444);
    renameSync(tar, this.tarPath(diffID));
    renameSync(toc, this.tocPath(diffID));
    this.#writeMeta(diffID, stored);
  }

  recordBlob(diffID: DiffID, compression: string, blob: BlobRef): void {
    const stored = this.#stored(diffID);
    if (stored === undefined || stored.blobs[compression]?.digest === blob.digest) return;
    const { mediaType, digest, size } = blob;
    this.#writeMeta(diffID, { ...stored, blobs: { ...stored.blobs, [compression]: { mediaType, digest, size } } });
  }

  hasFs(diffID: DiffID): boolean {
    if (!existsSync(this.fsPath(diffID))) return false;
    const boot = readIfThere(this.#fsBootPath(diffID))?.toString('utf8');
    return boot === undefined || boot === this.#options.boot;
  }

  publishFs(diffID: DiffID, tempDir: string): void {
    if (this.hasFs(diffID)) return;
    mkdirSync(this.dir(diffID), { recursive: true, mode: 0o700 });
    const fs = this.fsPath(diffID);
    if (existsSync(fs)) renameSync(fs, this.#options.tempPath('unsynced-fs'));
    writeFileSync(this.#fsBootPath(diffID), this.#options.boot, { mode: 0o600 });
    try {
      renameSync(tempDir, fs);
    } catch (error) {
      if (!this.hasFs(diffID)) throw error;
    }
  }

  remove(diffID: DiffID): void {
    removeFile(this.#metaPath(diffID));
    rmSync(this.dir(diffID), { recursive: true, force: true });
  }

  wasDamaged(diffID: DiffID): boolean {
    return this.#damaged.has(diffID);
  }

  /** The meta of a layer whose tar and toc are whole. */
  #stored(diffID: DiffID): StoredMeta | undefined {
    const bytes = this.hold(diffID) ? readIfThere(this.#metaPath(diffID)) : undefined;
    if (bytes === undefined) return undefined;
    const stored = parseMeta(bytes);
    if (stored === undefined) {
      this.reportDamage(diffID);
      return undefined;
    }
    const size = sizeIfThere(this.tarPath(diffID));
    const isTocHere = existsSync(this.tocPath(diffID));
    if (size === undefined || !isTocHere) return undefined;
    if (size !== stored.size) {
      this.reportDamage(diffID);
      return undefined;
    }
    if (stored.boot === null || stored.boot === this.#options.boot) return stored;
    return this.#checkedAfterBoot(diffID, stored);
  }

  #checkedAfterBoot(diffID: DiffID, stored: StoredMeta): StoredMeta | undefined {
    const isWhole = digestOfFile(this.tocPath(diffID)) === stored.toc && digestOfFile(this.tarPath(diffID)) === diffID;
    if (!isWhole) {
      this.reportDamage(diffID);
      return undefined;
    }
    const durable: StoredMeta = { ...stored, boot: null };
    this.#writeMeta(diffID, durable);
    return durable;
  }

  /** Without its meta the layer is not here. */
  reportDamage(diffID: DiffID): void {
    this.#damaged.add(diffID);
    this.#options.onWarning(`the layer ${diffID} is damaged; it will be made or fetched again`);
    removeFile(this.#metaPath(diffID));
  }

  /** No more durable than the files that it speaks of: what the next boot finds torn is made again. */
  #writeMeta(diffID: DiffID, meta: StoredMeta): void {
    const publish = meta.boot === null ? publishBytes : publishUnsynced;
    publish(this.#metaPath(diffID), renderMeta(meta), this.#options.tempPath);
  }

  #metaPath(diffID: DiffID): string {
    return `${this.dir(diffID)}/meta`;
  }

  #fsBootPath(diffID: DiffID): string {
    return `${this.dir(diffID)}/fs-boot`;
  }
}

function currentBoot(): string {
  return readIfThere('/proc/sys/kernel/random/boot_id')?.toString('utf8').trim() ?? 'unknown';
}

/** Without a lease: such a file belongs to nobody, and the next root that is opened may remove it. */
function ownTempPath(rootDir: string): TempPath {
  return (purpose) => join(rootDir, 'tmp', `layers-${randomBytes(8).toString('hex')}-${purpose}`);
}

function stampOf({ ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [ino, size, mtimeNs, ctimeNs].join(' ');
}

const CHUNK_BYTES = 1 << 20;

function digestOfFile(path: string): string {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  const fd = openSync(path, 'r');
  try {
    for (let length = readSync(fd, chunk); length > 0; length = readSync(fd, chunk))
      hash.update(chunk.subarray(0, length));
  } finally {
    closeSync(fd);
  }
  return digestOfHash(hash);
}
