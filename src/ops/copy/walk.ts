import type { Tree, TreeEntry } from '../../image/toc/index.ts';
import { type Matcher, makeMatcher, rulesOf } from '../../util/match/index.ts';
import { joinRel, type RelPath, TOP } from '../../util/rel-path.ts';
import { Items } from './items.ts';

export interface WalkOptions {
  /** --parents: only what matches, or lies below a match. */
  readonly include?: string | undefined;
  /** --exclude, relative to the top. */
  readonly excludes: readonly string[];
  readonly signal: AbortSignal;
}

/**
 * What is selected below a directory, parents first, names in byte order. Symlinks are taken as they are. Directories that
 * cannot hold anything selected are not entered.
 */
export function walkDirectory(tree: Tree, top: RelPath, options: WalkOptions): Items {
  return new Walk(tree, top, options).run();
}

/** A regular file, or another one that is no directory, as a selection of its own. */
export function itemOf(tree: Tree, entry: TreeEntry): Items {
  const items = new Items(tree, entry.path);
  items.add(TOP, entry);
  return items;
}

class Walk {
  readonly #tree: Tree;
  readonly #top: RelPath;
  readonly #signal: AbortSignal;
  readonly #include: Matcher | undefined;
  readonly #exclude: Matcher | undefined;
  readonly #items: Items;
  /** Directories on the way that are not selected themselves, and not yet needed by something that is. */
  #pending: readonly RelPath[] = [];

  constructor(tree: Tree, top: RelPath, { include, excludes, signal }: WalkOptions) {
    this.#tree = tree;
    this.#top = top;
    this.#signal = signal;
    this.#items = new Items(tree, top);
    this.#include = include === undefined ? undefined : makeMatcher(rulesOf([include]));
    this.#exclude = excludes.length === 0 ? undefined : makeMatcher(rulesOf(excludes));
  }

  run(): Items {
    this.#enter(TOP);
    return this.#items;
  }

  #enter(dir: RelPath): void {
    this.#signal.throwIfAborted();
    const at = this.#inTree(dir);
    for (const entry of this.#tree.children?.(at) ?? listed(this.#tree, at))
      this.#visit(this.#belowTop(entry.path), entry);
  }

  #visit(path: RelPath, entry: TreeEntry): void {
    const selected = this.#isSelected(path);
    if (selected) {
      for (const parent of this.#pending) this.#items.addParent(parent);
      this.#pending = [];
      this.#items.add(path, entry);
    }
    if (entry.type !== 'directory') return;
    if (selected) {
      this.#enter(path);
    } else if (this.#couldHoldSelected(path)) {
      const before = this.#pending;
      this.#pending = [...before, path];
      this.#enter(path);
      if (this.#pending.length > 0) this.#pending = before;
    }
  }

  #isSelected(path: RelPath): boolean {
    return this.#include?.excludes(path) !== false && this.#exclude?.excludes(path) !== true;
  }

  #couldHoldSelected(dir: RelPath): boolean {
    const included = this.#include === undefined || this.#include.excludes(dir) || this.#include.couldMatchBelow(dir);
    const excluded = this.#exclude?.excludes(dir) === true && !this.#exclude.couldReinclude(dir);
    return included && !excluded;
  }

  #belowTop(path: RelPath): RelPath {
    return this.#top === TOP ? path : (path.slice(this.#top.length + 1) as RelPath);
  }

  #inTree(path: RelPath): RelPath {
    return path === TOP ? this.#top : this.#top === TOP ? path : joinRel(this.#top, path);
  }
}

function* listed(tree: Tree, dir: RelPath): Generator<TreeEntry> {
  for (const name of tree.list(dir)) {
    const entry = tree.lookup(joinRel(dir, name));
    if (entry !== undefined) yield entry;
  }
}
