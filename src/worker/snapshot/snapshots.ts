import { chmodSync, lchownSync, mkdirSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { DiffID, LayerStore } from '../../../cache/index.ts';
import { setMtime } from '../../host/sys/index.ts';
import type { WrittenLayerFiles } from '../../image/layer/index.ts';
import { openToc, type StackTree, stackTree, type Toc } from '../../image/toc/index.ts';
import { DisposableStack } from '../../util/async-disposable-stack.ts';
import { TOP } from '../../util/rel-path.ts';
import { makeBreather } from './breathe.ts';
import { directoryMaker } from './directory-maker.ts';
import type { LowerMaker } from './lower.ts';
import { makeLowers } from './lowers.ts';
import { type Overlays, openOverlays } from './overlay.ts';
import { probeOverlay } from './probe.ts';
import { type MountPoint, planStubs, writeStubs } from './stubs.ts';
import type { TreeWriterOptions } from './tree-writer.ts';
import { writeLayer } from './write-layer.ts';

export interface SnapshotsOptions extends TreeWriterOptions {
  readonly layers: LayerStore;
  /** New names on the root's file system. */
  readonly tempPath: (purpose: string) => string;
  /** A directory of the worker's own tmpfs. The process's working directory moves into it. */
  readonly runDir: string;
}

export interface StackOptions {
  /** Must exist in the mounted stack; what is missing is there without a trace. */
  readonly points: readonly MountPoint[];
  readonly signal: AbortSignal;
}

/** A mounted stack. */
export interface View extends AsyncDisposable {
  /** Host path of its top. */
  readonly rootfs: string;
  readonly tree: StackTree;
  /** Of each mount point, where it lies below the top: no symlink is on the way. */
  readonly targets: readonly string[];
}

/** A stack with an upper that takes what is written. Dropped when it is disposed without a commit. */
export interface Snapshot extends View {
  /** Unmounts, and publishes what was changed as a layer, whose directory the upper becomes. */
  commit(options: { signal: AbortSignal }): Promise<WrittenLayerFiles>;
}

/** Disposing waits until what is not needed any more is removed. */
export interface Snapshots extends AsyncDisposable {
  /** Names of the makers of lowers that work here, best first. */
  readonly lowers: readonly string[];
  /** What the stack shows, without mounting it; to be closed. */
  tree(stack: readonly DiffID[]): StackTree;
  prepare(stack: readonly DiffID[], options: StackOptions): Promise<Snapshot>;
  /** Read-only. */
  view(stack: readonly DiffID[], options: StackOptions): Promise<View>;
}

/** @throws BuildError overlay-refused */
export function openSnapshots(options: SnapshotsOptions): Snapshots {
  const { runDir, isUserNamespace, tempPath } = options;
  const { isVolatile } = probeOverlay({ temp: tempPath('probe'), runDir, isUserNamespace });
  const overlays = openOverlays({ dir: runDir, isUserNamespace, isVolatile });
  const makers = [directoryMaker({ ...options, opaqueXattr: overlays.opaqueXattr })];
  return new OverlaySnapshots(options, overlays, makers);
}

class OverlaySnapshots implements Snapshots {
  readonly lowers: readonly string[];
  readonly #options: SnapshotsOptions;
  readonly #overlays: Overlays;
  readonly #makeLowers: ReturnType<typeof makeLowers>;
  readonly #tocs = new Map<DiffID, Toc>();
  readonly #removals = new Set<Promise<void>>();

  constructor(options: SnapshotsOptions, overlays: Overlays, makers: readonly LowerMaker[]) {
    this.#options = options;
    this.#overlays = overlays;
    this.lowers = makers.map(({ name }) => name);
    this.#makeLowers = makeLowers({
      makers,
      toc: (diffID) => this.#toc(diffID),
      tarPath: (diffID) => options.layers.tarPath(diffID),
      tree: (stack) => this.tree(stack),
    });
  }

  tree(stack: readonly DiffID[]): StackTree {
    const { layers } = this.#options;
    return stackTree(stack.map((diffID) => ({ toc: this.#toc(diffID), tarPath: layers.tarPath(diffID) })));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#removals);
  }

  async view(stack: readonly DiffID[], options: StackOptions): Promise<View> {
    await using owned = new DisposableStack();
    const { tree, lowers, targets } = await this.#lowersOf(stack, options, owned);
    const overlay = this.#overlays.mount({ lowers });
    owned.defer(() => overlay.unmount());
    const held = owned.move();
    return { rootfs: overlay.path, tree, targets, [Symbol.asyncDispose]: () => held[Symbol.asyncDispose]() };
  }

  async prepare(stack: readonly DiffID[], options: StackOptions): Promise<Snapshot> {
    await using owned = new DisposableStack();
    const { tree, lowers, targets } = await this.#lowersOf(stack, options, owned);
    const [dir, work] = [this.#temp('upper', owned), this.#temp('work', owned)];
    const top = this.#makeUpper(dir, tree);
    mkdirSync(work, 0o700);
    const overlay = this.#overlays.mount({ lowers, upper: { dir, work } });
    owned.defer(() => overlay.unmount());
    const held = owned.move();
    return {
      rootfs: overlay.path,
      tree,
      targets,
      commit: async ({ signal }) => {
        overlay.unmount();
        return this.#publish({ dir, top, tree, signal });
      },
      [Symbol.asyncDispose]: () => held[Symbol.asyncDispose](),
    };
  }

  /** The stack's tree and its lowers, stubs on top. */
  async #lowersOf(stack: readonly DiffID[], { points, signal }: StackOptions, owned: DisposableStack) {
    const tree = this.tree(stack);
    owned.defer(() => tree.close());
    const lowers = await this.#makeLowers(stack, { signal });
    const { targets, missing } = planStubs(tree, points);
    if (missing.length > 0) {
      const dir = this.#temp('stubs', owned);
      writeStubs(tree, missing, { dir, options: this.#options });
      lowers.push(dir);
    }
    return { tree, lowers, targets: targets.map((path) => `/${Buffer.from(path, 'latin1').toString('utf8')}`) };
  }

  /** An overlay's top looks as its upper's. */
  #makeUpper(dir: string, tree: StackTree) {
    const { mode, uid, gid, mtimeSec, mtimeNsec } = tree.lookup(TOP) ?? {
      mode: 0o755,
      uid: 0,
      gid: 0,
      mtimeSec: 0,
      mtimeNsec: 0,
    };
    mkdirSync(dir, 0o700);
    const owner = this.#options.isSquashed ? { uid: 0, gid: 0 } : { uid, gid };
    lchownSync(dir, owner.uid, owner.gid);
    chmodSync(dir, mode);
    setMtime(dir, mtimeSec, mtimeNsec);
    return { mode, ...owner };
  }

  async #publish({ dir, top, tree, signal }: Publication): Promise<WrittenLayerFiles> {
    const { layers, tempPath, isSquashed } = this.#options;
    const files = { tarPath: tempPath('layer.tar'), tocPath: tempPath('layer.toc') };
    try {
      const breathe = makeBreather(signal);
      const { opaqueXattr } = this.#overlays;
      const written = await writeLayer({ dir, below: tree, opaqueXattr, breathe, top, files });
      const { diffID, contentID, size } = written;
      layers.publish(diffID, { tar: files.tarPath, toc: files.tocPath }, { contentID, size, blobs: {} });
      if (!isSquashed) layers.publishFs(diffID, dir);
      return written;
    } finally {
      for (const file of [files.tarPath, files.tocPath]) rmSync(file, { force: true });
    }
  }

  /** What is still there when it is given up is removed in the background. */
  #temp(purpose: string, owned: DisposableStack): string {
    const path = this.#options.tempPath(purpose);
    owned.defer(() => this.#remove(path));
    return path;
  }

  #remove(path: string): void {
    const removal = rm(path, { recursive: true, force: true })
      .catch((error: unknown) => this.#options.warn(`${path} cannot be removed: ${String(error)}`))
      .finally(() => this.#removals.delete(removal));
    this.#removals.add(removal);
  }

  #toc(diffID: DiffID): Toc {
    const known = this.#tocs.get(diffID);
    if (known !== undefined) return known;
    const toc = openToc(this.#options.layers.tocPath(diffID));
    this.#tocs.set(diffID, toc);
    return toc;
  }
}

interface Publication {
  readonly dir: string;
  readonly top: { readonly mode: number; readonly uid: number; readonly gid: number };
  readonly tree: StackTree;
  readonly signal: AbortSignal;
}
