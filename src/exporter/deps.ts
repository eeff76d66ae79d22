import type { BlobRef, DiffID, Digest, LayerRef } from '../../cache/index.ts';
import type { Filter } from '../image/archive/index.ts';
import type { CompressOptions, Redating } from '../image/layer/index.ts';
import type { Tree } from '../image/toc/index.ts';
import type { Timed } from '../progress/index.ts';
import type { PushImage, PushOptions } from '../sources/registry/index.ts';

/** Id of the activity that exporting is, for events. */
export const EXPORT_ACTIVITY = 'export';

/** What the exporter needs of the root. */
export interface ExportContent {
  path(digest: Digest): string;
  has(digest: Digest, length?: number): boolean;
  putBytes(bytes: Uint8Array): Digest;
  /** Takes a finished file whose digest is known into the store; the file is moved. */
  adopt(tempPath: string, digest: Digest): Promise<void> | void;
}

export interface ExportLayers {
  tarPath(diffID: DiffID): string;
  /** `blobs` by compression (`gzip-5`); undefined when the layer is not here. */
  meta(
    diffID: DiffID,
  ): { readonly size: number; readonly blobs: { readonly [key: string]: BlobRef | undefined } } | undefined;
  recordBlob(diffID: DiffID, key: string, blob: BlobRef): unknown;
}

export interface MadeBlob {
  readonly blob: BlobRef;
  /** It is in the content store, and on the disk. */
  readonly stored: Promise<void>;
}

/** What was done of compressing a layer before that was asked for. */
export type LayerAhead = Pick<CompressOptions, 'ahead' | 'known'>;

/** What compressing layers into blobs needs. */
export interface BlobDeps {
  readonly content: ExportContent;
  readonly layers: ExportLayers;
  /** A new host path in the root's tmp/. */
  readonly tempPath: (name: string) => string;
  /** The layer's tar and toc are here afterwards. */
  readonly ensureLayer: (ref: LayerRef, options: { readonly signal: AbortSignal }) => Promise<unknown>;
  /** The layer with other file times, in the root; made once. The layer itself when nothing would change. */
  readonly redateLayer: (
    ref: LayerRef,
    redating: Redating,
    options: { readonly signal: AbortSignal },
  ) => Promise<LayerRef>;
  /** A blob of the layer as its source gave it, in the content store; undefined for a layer that never had one. */
  readonly ensureBlob: (ref: LayerRef, options: { readonly signal: AbortSignal }) => Promise<BlobRef | undefined>;
  /** What was compressed of the layer before it was asked for: what is in memory is then the caller's. */
  readonly deflatedAhead?: ((diffID: DiffID) => LayerAhead) | undefined;
  readonly timed: Timed;
  /** Blobs on their way, by layer and form: whoever asks for the same waits for it. */
  readonly making?: Map<string, Promise<MadeBlob>> | undefined;
  /** Chunks that are compressed at a time; the compressor's own when absent. */
  readonly concurrency?: number | undefined;
  /** Runs the zstd program where this Node has no zstd. */
  readonly filter?: Filter | undefined;
  readonly signal: AbortSignal;
  readonly onProgress?: ((item: string, done: number, total?: number) => void) | undefined;
}

export interface ExportDeps extends BlobDeps {
  /** The merged files of a stack, for type=tar and type=local; closed by the exporter. */
  readonly openStack: (
    layers: readonly LayerRef[],
    options: { readonly signal: AbortSignal },
  ) => Promise<Tree & { close(): void }>;
  readonly stdout: (bytes: Uint8Array) => Promise<void>;
  /** Gives an image to the registries of its names. */
  readonly push: (image: PushImage, options: PushOptions) => Promise<void>;
  /** Hands an archive to the container engine of this machine. @returns the engine's name */
  readonly load: (archive: AsyncIterable<Uint8Array>, options: { readonly signal: AbortSignal }) => Promise<string>;
  /** Names what lies beside outputs for a moment, `dest.tmp-<lease>`, as no other command does. */
  readonly lease: string;
  readonly warn: (message: string) => void;
  /** With it, an archive that is at its place already, unchanged, is not written again. */
  readonly memo?: OutputMemo | undefined;
}

/** Remembers small values; may forget any of them. */
export interface OutputMemo {
  get(namespace: string, key: string): string | undefined;
  put(namespace: string, key: string, value: string): void;
}
