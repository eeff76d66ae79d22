import { rmSync } from 'node:fs';
import { type DiffID, type Root, removeTree } from '../../cache/index.ts';
import {
  DEFAULT_COMPRESSION,
  hasManifest,
  keepsTimes,
  type LayerAhead,
  levelOf,
  type OutputSpec,
} from '../exporter/index.ts';
import type { Definition, Vertex } from '../graph/index.ts';
import { DeflateAhead, KnownChunks } from '../image/layer/index.ts';
import type { OpDeps } from '../ops/index.ts';
import { DisposableStack } from '../util/async-disposable-stack.ts';
import type { EarlyChunksWish } from '../worker/protocol.ts';

/** Writes a layer below tmp/ and moves it to its place; nothing is left of it if writing throws. */
export function makePublishLayer(root: Root, exported?: ExportedLayers): OpDeps['publishLayer'] {
  return async (write, vertex) => {
    const tarPath = root.tempPath('layer.tar');
    const tocPath = root.tempPath('layer.toc');
    const tap = exported?.tap(vertex);
    try {
      const written = await write({ tarPath, tocPath, tap });
      const { diffID, contentID, size } = written;
      root.layers.publish(diffID, { tar: tarPath, toc: tocPath }, { contentID, size, blobs: {} });
      if (tap !== undefined) exported?.keep(diffID, tap);
      return written;
    } finally {
      tap?.end();
      rmSync(tarPath, { force: true });
      rmSync(tocPath, { force: true });
    }
  };
}

/** Layers that the outputs are going to have compressed: that begins while they are written, or what they are made of. */
export class ExportedLayers implements AsyncDisposable {
  readonly #isCompressed: boolean;
  readonly #vertices = new Set<Vertex['digest']>();
  readonly #ahead = new Map<DiffID, DeflateAhead>();
  readonly #chunkDirs = new Map<DiffID, string>();
  readonly #owned = new DisposableStack();

  constructor(outputs: readonly OutputSpec[]) {
    this.#isCompressed = outputs.some(isGzipped);
  }

  /** Tells what is built, once that is known. */
  aimAt({ targets }: Definition): void {
    for (const { vertex } of targets)
      for (let at: Vertex | undefined = vertex; at !== undefined; at = at.inputs[0]) this.#vertices.add(at.digest);
  }

  /** Of what is built; equal work of another stage is the same. */
  has({ digest }: Vertex): boolean {
    return this.#vertices.has(digest);
  }

  tap(vertex: Vertex | undefined): DeflateAhead | undefined {
    return this.#isWanted(vertex) ? new DeflateAhead(LEVEL) : undefined;
  }

  keep(diffID: DiffID, ahead: DeflateAhead): void {
    if (ahead.end().size > 0) this.#ahead.set(diffID, ahead);
  }

  /** To be told to the worker, and what came of it to keepChunks. */
  earlyChunks(vertex: Vertex, { tempPath }: Pick<Root, 'tempPath'>): EarlyChunksWish | undefined {
    if (!this.#isWanted(vertex)) return undefined;
    const dir = tempPath('chunks');
    this.#owned.defer(() => removeTree(dir));
    return { dir, level: LEVEL };
  }

  keepChunks(diffID: DiffID, { dir }: EarlyChunksWish): void {
    this.#chunkDirs.set(diffID, dir);
  }

  take(diffID: DiffID): LayerAhead {
    const ahead = this.#ahead.get(diffID);
    this.#ahead.delete(diffID);
    const chunkDir = this.#chunkDirs.get(diffID);
    return { ahead, known: chunkDir === undefined ? undefined : new KnownChunks(chunkDir) };
  }

  /** The worker must be gone: it may be writing chunks still. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned[Symbol.asyncDispose]();
  }

  #isWanted(vertex: Vertex | undefined): boolean {
    return this.#isCompressed && vertex !== undefined && this.has(vertex);
  }
}

const LEVEL = levelOf(DEFAULT_COMPRESSION);

/** As most are: with layers as they were made, in the usual form. */
function isGzipped({ type, compression = DEFAULT_COMPRESSION, fileTimes }: OutputSpec): boolean {
  const isUsual = compression.algorithm === 'gzip' && levelOf(compression) === levelOf(DEFAULT_COMPRESSION);
  return hasManifest({ type }) && isUsual && keepsTimes(fileTimes);
}
