import type { Digest } from '../../../cache/index.ts';
import type { NumberedFiles, TreeEntry } from '../../image/toc/index.ts';
import type { IgnoreRule } from '../../util/match/index.ts';
import { displayPath, type RelPath } from '../../util/rel-path.ts';
import type { ContextOptions, ContextTree } from './context-options.ts';
import { HostFiles } from './host-files.ts';
import { NO_NODE } from './seen-files.ts';

/** Opens nothing: files are looked at when they are asked for, once each. */
export function openContext(dir: string, options: ContextOptions = {}): ContextTree {
  return new HostTree(dir, options);
}

class HostTree implements ContextTree {
  readonly #options: ContextOptions;
  readonly #files: HostFiles;

  constructor(dir: string, options: ContextOptions) {
    this.#options = options;
    this.#files = new HostFiles(dir, options);
  }

  get numbered(): NumberedFiles {
    return this.#files;
  }

  lookup(path: RelPath): TreeEntry | undefined {
    const node = this.#files.number(path);
    return node === undefined ? undefined : this.#files.entry(node, path);
  }

  list(path: RelPath): readonly string[] {
    const node = this.#directoryOf(path);
    return node === undefined ? [] : Array.from(this.#files.children(node), (child) => this.#files.name(child));
  }

  digest(entry: TreeEntry): Digest {
    return this.#files.digest(this.#fileOf(entry));
  }

  take(entry: TreeEntry): Uint8Array | undefined {
    return this.#files.take(this.#fileOf(entry), entry.size);
  }

  read(entry: TreeEntry, sink: (chunk: Uint8Array) => void): void {
    this.#files.read(this.#fileOf(entry), sink);
  }

  excludedBy(path: RelPath): IgnoreRule | undefined {
    const node = this.#files.nodeOf(path);
    if (node === NO_NODE || this.#files.isVisible(node)) return undefined;
    const rule = this.#options.ignore?.ruleFor(path);
    return rule?.negated === true ? undefined : rule;
  }

  ruleFor(path: RelPath): IgnoreRule | undefined {
    return this.#options.ignore?.ruleFor(path);
  }

  hidden(path: RelPath): readonly TreeEntry[] {
    const node = this.#directoryOf(path);
    if (node === undefined) return [];
    const entries: TreeEntry[] = [];
    for (const child of this.#files.listed(node)) {
      if (this.#files.isVisible(child) || !this.#files.isThere(child)) continue;
      entries.push(this.#files.entry(child, this.#files.path(child)));
    }
    return entries;
  }

  /** Of a directory that is in the context. */
  #directoryOf(path: RelPath): number | undefined {
    const node = this.#files.number(path);
    return node !== undefined && this.#files.isDirectory(node) ? node : undefined;
  }

  #fileOf(entry: TreeEntry): number {
    const node = this.#files.nodeOf(entry.path);
    if (node === NO_NODE || !this.#files.isFile(node))
      throw new Error(`no regular file of this context: ${displayPath(entry.path)}`);
    return node;
  }
}
