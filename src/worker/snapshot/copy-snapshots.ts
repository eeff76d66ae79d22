import type { DiffID } from '../../../cache/index.ts';
import { MNT_DETACH, MS_BIND, MS_NODEV, MS_REMOUNT, mount, umount } from '../../host/sys/index.ts';
import type { StackTree } from '../../image/toc/index.ts';
import { DisposableStack } from '../../util/async-disposable-stack.ts';
import { makeBreather } from '../../util/breathe.ts';
import type { RelPath } from '../../util/rel-path.ts';
import { type CopiedTree, copyTree } from './copy-tree.ts';
import { assertIntact } from './damage.ts';
import {
  type CommitOptions,
  type Snapshot,
  type Snapshots,
  type StackOptions,
  targetTexts,
  type View,
} from './snapshots.ts';
import { Stacks, type StacksOptions } from './stacks.ts';
import { planStubs, stubDirectories } from './stubs.ts';
import { walkCopy } from './walk-copy.ts';
import { writeLayer } from './write-layer.ts';

/** A stack is a full copy of what it shows: slow, but all it needs is a file system. For roots that take no overlay. */
export class CopySnapshots implements Snapshots {
  readonly lowers = ['copy'];
  readonly notes: readonly string[];
  readonly #options: StacksOptions;
  readonly #stacks: Stacks;

  constructor(options: StacksOptions & { readonly notes?: readonly string[] }) {
    this.#options = options;
    this.notes = options.notes ?? [];
    this.#stacks = new Stacks(options);
  }

  tree(stack: readonly DiffID[]): StackTree {
    return this.#stacks.tree(stack);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stacks[Symbol.asyncDispose]();
  }

  view(stack: readonly DiffID[], options: StackOptions): Promise<View> {
    return this.prepare(stack, options);
  }

  /** A copy is of a whole stack. */
  makeAhead(): Promise<void> {
    return Promise.resolve();
  }

  async prepare(stack: readonly DiffID[], options: StackOptions): Promise<Snapshot> {
    await using owned = new DisposableStack();
    this.#assertIntact(stack);
    const tree = this.tree(stack);
    owned.defer(() => tree.close());
    const { targets, missing } = planStubs(tree, options.points);
    const copied = await copyTree(tree, {
      dir: this.#stacks.temp('copy', owned),
      stubs: missing,
      writer: this.#options,
      breathe: makeBreather(options.signal),
    });
    this.#assertIntact(stack);
    if (options.opensDevices !== true) this.#closeDevices(copied.dir, owned);
    const held = owned.move();
    return {
      rootfs: copied.dir,
      tree,
      targets: targetTexts(targets),
      commit: (how) => this.#publish({ copied, tree, stubs: stubDirectories(missing), ...how }),
      keep: () => Promise.resolve('a copy of the whole file system is not kept'),
      [Symbol.asyncDispose]: () => held[Symbol.asyncDispose](),
    };
  }

  /** A user namespace opens none. */
  #closeDevices(dir: string, owned: DisposableStack): void {
    if (this.#options.isUserNamespace) return;
    mount(dir, dir, 'none', MS_BIND);
    owned.defer(() => umount(dir, MNT_DETACH));
    mount('none', dir, 'none', MS_BIND | MS_REMOUNT | MS_NODEV);
  }

  #assertIntact(stack: readonly DiffID[]): void {
    for (const diffID of new Set(stack)) assertIntact(this.#options.layers, diffID);
  }

  #publish({ copied, tree, stubs, signal, watch }: Publication) {
    const breathe = makeBreather(signal);
    return this.#stacks.publish(async (files) => {
      const changes = await walkCopy({ copied, below: tree, stubs, breathe });
      return writeLayer({ dir: copied.dir, changes, breathe, files, watch });
    });
  }
}

interface Publication extends CommitOptions {
  readonly copied: CopiedTree;
  readonly tree: StackTree;
  readonly stubs: ReadonlySet<RelPath>;
}
