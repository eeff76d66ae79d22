import { rmSync } from 'node:fs';
import { type DiffID, type LayerStore, removeTree } from '../../../cache/index.ts';
import type { WrittenLayerFiles } from '../../image/layer/index.ts';
import { openToc, type StackTree, stackTree, type Toc, TocCorrupt } from '../../image/toc/index.ts';
import type { DisposableStack } from '../../util/async-disposable-stack.ts';
import { layerDamaged } from './damage.ts';
import type { TreeWriterOptions } from './tree-writer.ts';

export interface StacksOptions extends TreeWriterOptions {
  readonly layers: LayerStore;
  /** New names on the root's file system. */
  readonly tempPath: (purpose: string) => string;
}

/** Stacks of layers as tables of contents, and temp places for what is made of them. Disposing waits for removals. */
export class Stacks implements AsyncDisposable {
  readonly #options: StacksOptions;
  readonly #tocs = new Map<DiffID, Toc>();
  readonly #removals = new Set<Promise<void>>();

  constructor(options: StacksOptions) {
    this.#options = options;
  }

  /** @throws BuildError layer-damaged */
  toc(diffID: DiffID): Toc {
    const known = this.#tocs.get(diffID);
    if (known !== undefined) return known;
    const toc = openWhole(this.#options.layers, diffID);
    this.#tocs.set(diffID, toc);
    return toc;
  }

  /** To be closed. */
  tree(stack: readonly DiffID[]): StackTree {
    const { layers } = this.#options;
    return stackTree(stack.map((diffID) => ({ toc: this.toc(diffID), tarPath: layers.tarPath(diffID) })));
  }

  /** What is still there when it is given up is removed in the background. */
  temp(purpose: string, owned: DisposableStack): string {
    const path = this.#options.tempPath(purpose);
    owned.defer(() => this.#remove(path));
    return path;
  }

  /** Publishes what `write` makes; nothing is left of it if it throws. */
  async publish(
    write: (files: { tarPath: string; tocPath: string }) => Promise<WrittenLayerFiles>,
  ): Promise<WrittenLayerFiles> {
    const { layers, tempPath } = this.#options;
    const files = { tarPath: tempPath('layer.tar'), tocPath: tempPath('layer.toc') };
    try {
      const written = await write(files);
      const { diffID, contentID, size } = written;
      layers.publish(diffID, { tar: files.tarPath, toc: files.tocPath }, { contentID, size, blobs: {} });
      return written;
    } finally {
      for (const file of [files.tarPath, files.tocPath]) rmSync(file, { force: true });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#removals);
  }

  #remove(path: string): void {
    const removal = removeTree(path)
      .catch((error: unknown) => this.#options.warn(`${path} cannot be removed: ${String(error)}`))
      .finally(() => this.#removals.delete(removal));
    this.#removals.add(removal);
  }
}

function openWhole(layers: LayerStore, diffID: DiffID): Toc {
  try {
    return openToc(layers.tocPath(diffID));
  } catch (error) {
    if (!(error instanceof TocCorrupt)) throw error;
    layers.reportDamage(diffID);
    throw layerDamaged(diffID);
  }
}
