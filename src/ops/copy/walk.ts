import type { Tree, TreeEntry } from '../../image/toc/index.ts';
import { type Matcher, makeMatcher, rulesOf } from '../../util/match/index.ts';
import type { RelPath } from '../../util/rel-path.ts';
import { type Files, Items, namedFiles, numberedFiles } from './items.ts';

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
  const { numbered } = tree;
  return numbered === undefined
    ? new Walk(namedFiles(tree, top), options).run()
    : new Walk(numberedFiles(numbered, top), options).run();
}

/** A regular file, or another one that is no directory, as a selection of its own. */
export function itemOf(tree: Tree, { path }: TreeEntry): Items {
  const { numbered } = tree;
  return numbered === undefined ? onlyTop(namedFiles(tree, path)) : onlyTop(numberedFiles(numbered, path));
}

function onlyTop<Ref>(files: Files<Ref>): Items {
  const items = new Items(files);
  if (files.top === undefined) throw new Error('a selected file is gone');
  items.add(files.top);
  return items;
}

class Walk<Ref> {
  readonly #files: Files<Ref>;
  readonly #signal: AbortSignal;
  readonly #include: Matcher | undefined;
  readonly #exclude: Matcher | undefined;
  readonly #items: Items<Ref>;
  /** Directories on the way that are not selected themselves, and not yet needed by something that is. */
  #pending: readonly Ref[] = [];

  constructor(files: Files<Ref>, { include, excludes, signal }: WalkOptions) {
    this.#files = files;
    this.#signal = signal;
    this.#items = new Items(files);
    this.#include = include === undefined ? undefined : makeMatcher(rulesOf([include]));
    this.#exclude = excludes.length === 0 ? undefined : makeMatcher(rulesOf(excludes));
  }

  run(): Items {
    if (this.#files.top !== undefined) this.#enter(this.#files.top);
    return this.#items;
  }

  #enter(directory: Ref): void {
    this.#signal.throwIfAborted();
    const takesAll = this.#include === undefined && this.#exclude === undefined;
    for (const file of this.#files.children(directory)) {
      if (takesAll) this.#take(file);
      else this.#visit(file, this.#files.path(file));
    }
  }

  /** Whatever lies below it, too. */
  #take(file: Ref): void {
    this.#items.add(file);
    if (this.#files.isDirectory(file)) this.#enter(file);
  }

  #visit(file: Ref, path: RelPath): void {
    const selected = this.#isSelected(path);
    if (selected) {
      for (const parent of this.#pending) this.#items.addParent(parent);
      this.#pending = [];
      this.#items.add(file);
    }
    if (!this.#files.isDirectory(file)) return;
    if (selected) {
      this.#enter(file);
    } else if (this.#couldHoldSelected(path)) {
      const before = this.#pending;
      this.#pending = [...before, file];
      this.#enter(file);
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
}
