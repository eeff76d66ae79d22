import { chmodSync, lchownSync, mkdirSync, renameSync } from 'node:fs';
import type { DiffID } from '../../../cache/index.ts';
import type { WrittenLayerFiles } from '../../image/layer/index.ts';
import type { StackTree } from '../../image/toc/index.ts';
import { DisposableStack } from '../../util/async-disposable-stack.ts';
import { makeBreather } from '../../util/breathe.ts';
import { type RelPath, TOP } from '../../util/rel-path.ts';
import type { LowerMaker } from './lower.ts';
import { type Lowers, makeLowers } from './lowers.ts';
import type { Overlays } from './overlay.ts';
import {
  type CommitOptions,
  type Keeping,
  type KeepOptions,
  type Snapshot,
  type Snapshots,
  type StackOptions,
  targetTexts,
  type View,
} from './snapshots.ts';
import { Stacks, type StacksOptions } from './stacks.ts';
import { impliedDirectory } from './standing.ts';
import { keyOfStubs, type PlannedStub, planStubs, stubDirectories, writeStubs } from './stubs.ts';
import { TreeWriter } from './tree-writer.ts';
import { walkUpper } from './walk-upper.ts';
import { sizeOfChanges, writeLayer } from './write-layer.ts';

export interface OverlaySnapshotsOptions extends StacksOptions {
  readonly overlays: Overlays;
  /** In order of preference. */
  readonly makers: readonly LowerMaker[];
  readonly notes?: readonly string[];
}

/** A stack is an overlay of its layers' directories; what a RUN changes is in the upper, which becomes the layer's directory. */
export class OverlaySnapshots implements Snapshots {
  readonly lowers: readonly string[];
  readonly notes: readonly string[];
  readonly #options: OverlaySnapshotsOptions;
  readonly #overlays: Overlays;
  readonly #stacks: Stacks;
  readonly #lowers: Lowers;
  readonly #stubs = new Map<string, string>();
  readonly #owned = new DisposableStack();

  constructor(options: OverlaySnapshotsOptions) {
    const { makers, layers, overlays } = options;
    this.#options = options;
    this.notes = options.notes ?? [];
    this.#overlays = overlays;
    this.#stacks = new Stacks(options);
    this.lowers = makers.map(({ name }) => name);
    this.#lowers = makeLowers({
      makers,
      toc: (diffID) => this.#stacks.toc(diffID),
      tarPath: (diffID) => layers.tarPath(diffID),
      tree: (stack) => this.tree(stack),
    });
  }

  tree(stack: readonly DiffID[]): StackTree {
    return this.#stacks.tree(stack);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned[Symbol.asyncDispose]();
    await this.#stacks[Symbol.asyncDispose]();
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
    const { tree, lowers, targets, stubs, assertUnchanged } = await this.#lowersOf(stack, options, owned);
    const [dir, work] = [this.#stacks.temp('upper', owned), this.#stacks.temp('work', owned)];
    this.#makeUpper(dir);
    mkdirSync(work, 0o700);
    const overlay = this.#overlays.mount({ lowers, upper: { dir, work }, opensDevices: options.opensDevices });
    owned.defer(() => overlay.unmount());
    const held = owned.move();
    return {
      rootfs: overlay.path,
      upper: dir,
      tree,
      targets,
      commit: async (how) => {
        overlay.unmount();
        assertUnchanged();
        return this.#publish({ dir, tree, stubs, ...how });
      },
      keep: async (how) => {
        overlay.unmount();
        return this.#keep(how, { dir, tree, stubs });
      },
      [Symbol.asyncDispose]: () => held[Symbol.asyncDispose](),
    };
  }

  makeAhead(diffID: DiffID, { signal }: { readonly signal: AbortSignal }): Promise<void> {
    return this.#lowers.ahead(diffID, { signal });
  }

  async #keep(how: KeepOptions, { dir, tree, stubs }: Written): Promise<Keeping | string> {
    const breathe = makeBreather(how.signal);
    const { opaqueXattr } = this.#overlays;
    const changes = await walkUpper({ dir, below: tree, stubs, opaqueXattr, breathe });
    const sizeBytes = await sizeOfChanges(changes, { ...how, dir, breathe });
    if (typeof sizeBytes === 'string') return sizeBytes;
    renameSync(dir, how.to);
    return { sizeBytes, opaqueXattr };
  }

  /** The stack's tree and its lowers, stubs on top. */
  async #lowersOf(stack: readonly DiffID[], { points, signal }: StackOptions, owned: DisposableStack) {
    const tree = this.tree(stack);
    owned.defer(() => tree.close());
    const made = await this.#lowers.ofStack(stack, { signal });
    const lowers = made.map(({ path }) => path);
    const { targets, missing } = planStubs(tree, points);
    if (missing.length > 0) lowers.push(this.#stubsOf(tree, missing));
    const assertUnchanged = (): void => {
      for (const lower of made) lower.assertUnchanged?.();
    };
    return { tree, lowers, targets: targetTexts(targets), stubs: stubDirectories(missing), assertUnchanged };
  }

  /** Steps on one image lack the same. */
  #stubsOf(tree: StackTree, missing: readonly PlannedStub[]): string {
    const key = keyOfStubs(tree, missing);
    const known = this.#stubs.get(key);
    if (known !== undefined) return known;
    const dir = this.#stacks.temp('stubs', this.#owned);
    writeStubs(tree, missing, { dir, options: this.#options });
    this.#stubs.set(key, dir);
    return dir;
  }

  /** An overlay's top looks as its upper's. */
  #makeUpper(dir: string): void {
    mkdirSync(dir, 0o700);
    const writer = new TreeWriter(dir, this.#options);
    writer.add(TOP, impliedDirectory(TOP));
    writer.finish();
  }

  async #publish({ dir, tree, stubs, signal, watch }: Publication): Promise<WrittenLayerFiles> {
    const { layers, isSquashed } = this.#options;
    const breathe = makeBreather(signal);
    const { opaqueXattr } = this.#overlays;
    const written = await this.#stacks.publish(async (files) => {
      const changes = await walkUpper({ dir, below: tree, stubs, opaqueXattr, breathe });
      return writeLayer({ dir, changes, breathe, files, watch });
    });
    if (!isSquashed) {
      lchownSync(dir, 0, 0);
      chmodSync(dir, impliedDirectory(TOP).mode);
      layers.publishFs(written.diffID, dir);
    }
    return written;
  }
}

/** An upper, and what it lies on. */
interface Written {
  readonly dir: string;
  readonly tree: StackTree;
  readonly stubs: ReadonlySet<RelPath>;
}

type Publication = Written & CommitOptions;
