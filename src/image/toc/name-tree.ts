import { randomBytes } from 'node:crypto';
import { type HashKey, halfSipHash } from './half-sip-hash.ts';
import { mergeSort } from './merge-sort.ts';
import { NameBytes } from './name-bytes.ts';
import { Numbers } from './numbers.ts';

/** More names than are taken. */
export class TooManyNames extends Error {
  override readonly name = 'TooManyNames';
}

/** Nodes in the order of their names. */
export interface Nodes extends Iterable<number> {
  readonly length: number;
  /** Of an index below the length. */
  at(index: number): number | undefined;
}

/** Nodes one after the other: as many as there are take no more room than one. */
class NodeRange implements Nodes {
  readonly length: number;
  readonly #first: number;

  constructor(first: number, length: number) {
    this.#first = first;
    this.length = length;
  }

  at(index: number): number {
    return this.#first + index;
  }

  *[Symbol.iterator](): Generator<number> {
    for (let index = 0; index < this.length; index += 1) yield this.at(index);
  }
}

/** Copies the bytes of a path. @returns where they end; what has no room in the buffer is left out */
export type PathCopier = (node: number, into: Uint8Array, offset: number) => number;

export const TOP_NODE = 0;
export const NO_NODE = -1;
const SLASH = 0x2f;

/** Of all nodes: twice the entries that an archive may have, as each may name directories that have none. */
const MOST_NODES = 10_000_000;

/**
 * The names of a tree, for millions of them: about 40 bytes for each, and no object. A node is a number; parents have lower ones than what
 * lies in them. Names are bytes decoded as latin1.
 */
export class NameTree {
  readonly #names = new NameBytes();
  readonly #nameAt = new Numbers(Uint32Array);
  readonly #parents = new Numbers(Uint32Array);
  readonly #isReplaced = new Numbers(Uint8Array);
  /** Nodes by the hash of parent and name, plus one; the latest of each name. */
  #table = new Uint32Array(1024);
  #used = 0;
  /** A stranger's archive must not choose who collides. */
  readonly #key: HashKey = keyOf(randomBytes(8));

  /** The last that was found: mostly the one after it is looked for next. */
  #found = TOP_NODE;
  /** A directory whose path was asked for: its children's come next. */
  #last = { node: TOP_NODE, path: '' };

  constructor() {
    this.#append(0, '');
  }

  /** Nodes that were ever made, the top among them. */
  get size(): number {
    return this.#parents.length;
  }

  parent(node: number): number {
    return this.#parents.get(node);
  }

  name(node: number): string {
    return this.#names.text(this.#nameAt.get(node));
  }

  path(node: number): string {
    if (node === TOP_NODE) return '';
    const parent = this.parent(node);
    if (this.#last.node !== parent) this.#last = { node: parent, path: this.#pathOf(parent) };
    return parent === TOP_NODE ? this.name(node) : `${this.#last.path}/${this.name(node)}`;
  }

  /** NO_NODE when there is none. */
  find(parent: number, name: string): number {
    const next = this.#found + 1;
    const node =
      next < this.size && this.isNamed(next, parent, name) && this.#isReplaced.get(next) === 0
        ? next
        : (this.#table[this.#slot(parent, name)] ?? 0) - 1;
    if (node !== NO_NODE) this.#found = node;
    return node;
  }

  /** @returns the node of the name, which is made if there is none. @throws TooManyNames */
  findOrAdd(parent: number, name: string): number {
    const there = (this.#table[this.#slot(parent, name)] ?? 0) - 1;
    return there === NO_NODE ? this.add(parent, name) : there;
  }

  /** The name must be new in its parent. @throws TooManyNames */
  add(parent: number, name: string): number {
    const node = this.#append(parent, name);
    if (3 * (this.#used + 1) > 2 * this.#table.length) this.#grow();
    this.#table[this.#slot(parent, name)] = node + 1;
    this.#used += 1;
    return node;
  }

  /**
   * The nodes of all names of a directory, which are sorted. None of them may be there yet, and it is `findIn` that finds them.
   * @throws TooManyNames
   */
  addSorted(parent: number, names: readonly string[]): Nodes {
    const first = this.size;
    for (const name of names) this.#append(parent, name);
    return new NodeRange(first, names.length);
  }

  /** NO_NODE when none has the name. */
  findIn(nodes: Nodes, name: string): number {
    let low = 0;
    for (let high = nodes.length; low < high; ) {
      const middle = (low + high) >>> 1;
      const node = nodes.at(middle) ?? NO_NODE;
      const difference = this.#names.compareTo(this.#nameAt.get(node), name);
      if (difference === 0) return node;
      if (difference < 0) low = middle + 1;
      else high = middle;
    }
    return NO_NODE;
  }

  isNamed(node: number, parent: number, name: string): boolean {
    return this.#parents.get(node) === parent && this.#names.is(this.#nameAt.get(node), name);
  }

  /** The bytes of a name into a buffer that has room for it. @returns where they end */
  copyName(node: number, into: Uint8Array, offset: number): number {
    return this.#names.copy(this.#nameAt.get(node), into, offset);
  }

  /** Of paths below a node, for nodes that lie in it. */
  pathCopier(above: number): PathCopier {
    const copy: PathCopier = (node, into, offset) => {
      if (node === above) return offset;
      const parent = this.parent(node);
      if (parent === above) return this.copyName(node, into, offset);
      const end = copy(parent, into, offset);
      into[end] = SLASH;
      return this.copyName(node, into, end + 1);
    };
    return copy;
  }

  /** The names and parents of all nodes, as they lie in memory: equal bytes for equal trees whose nodes were made in the same order. */
  *memory(): Generator<Uint8Array | Uint32Array> {
    yield* this.#names.memory();
    yield* this.#parents.memory();
  }

  /** Another node of the same name; what lay in the old one is gone with it. @throws TooManyNames */
  replace(node: number): number {
    const [parent, name] = [this.parent(node), this.name(node)];
    const made = this.#append(parent, name);
    this.#table[this.#slot(parent, name)] = made + 1;
    this.#isReplaced.set(node, 1);
    return made;
  }

  /** The nodes that are in the tree, the top first, in byte order of their paths. */
  sorted(): Uint32Array {
    const { children, starts, count } = this.#byParent();
    const order = new Uint32Array(count);
    // a node itself is twice its number; what lies in it one more: `a-b` comes between `a` and `a/b`
    let pending = new Uint32Array(1024);
    let scratch = new Uint32Array(1024);
    let depth = 0;
    let length = 0;
    const expand = (parent: number): void => {
      const from = starts[parent] ?? 0;
      const to = starts[parent + 1] ?? 0;
      pending = roomFor(pending, depth + 2 * (to - from));
      const begin = depth;
      for (let index = from; index < to; index += 1) {
        const child = children[index] ?? 0;
        pending[depth++] = 2 * child;
        if ((starts[child] ?? 0) < (starts[child + 1] ?? 0)) pending[depth++] = 2 * child + 1;
      }
      scratch = roomFor(scratch, depth - begin);
      const items = pending.subarray(begin, depth);
      mergeSort(items, scratch, (a, b) => this.#compare(a, b));
      items.reverse();
    };
    order[length++] = TOP_NODE;
    expand(TOP_NODE);
    while (depth > 0) {
      const item = pending[--depth] ?? 0;
      if ((item & 1) === 0) order[length++] = item >>> 1;
      else expand(item >>> 1);
    }
    return order;
  }

  /** Of each node its children that are in the tree, one node's after the other's. */
  #byParent(): { readonly children: Uint32Array; readonly starts: Uint32Array; readonly count: number } {
    const size = this.size;
    const isGone = new Uint8Array(size);
    const starts = new Uint32Array(size + 2);
    let count = 1;
    for (let node = 1; node < size; node += 1) {
      const parent = this.#parents.get(node);
      if (this.#isReplaced.get(node) === 1 || isGone[parent] === 1) isGone[node] = 1;
      else {
        starts[parent + 2] = (starts[parent + 2] ?? 0) + 1;
        count += 1;
      }
    }
    for (let node = 2; node < starts.length; node += 1) starts[node] = (starts[node] ?? 0) + (starts[node - 1] ?? 0);
    const children = new Uint32Array(count - 1);
    for (let node = 1; node < size; node += 1) {
      if (isGone[node] === 1) continue;
      const at = this.#parents.get(node) + 1;
      const place = starts[at] ?? 0;
      children[place] = node;
      starts[at] = place + 1;
    }
    return { children, starts, count };
  }

  #pathOf(node: number): string {
    const parts: string[] = [];
    for (let at = node; at !== TOP_NODE; at = this.parent(at)) parts.push(this.name(at));
    return parts.reverse().join('/');
  }

  #compare(a: number, b: number): number {
    const [left, right] = [this.#nameAt.get(a >>> 1), this.#nameAt.get(b >>> 1)];
    return this.#names.compare(left, right, { isLeftPrefix: (a & 1) === 1, isRightPrefix: (b & 1) === 1 });
  }

  #append(parent: number, name: string): number {
    const node = this.size;
    if (node >= MOST_NODES) throw new TooManyNames(`more than ${MOST_NODES} files and directories`);
    const at = this.#names.add(name);
    if (at === undefined) throw new TooManyNames('its names take too many bytes');
    this.#nameAt.push(at);
    this.#parents.push(parent);
    this.#isReplaced.push(0);
    return node;
  }

  /** Where the name is, or would be. */
  #slot(parent: number, name: string): number {
    const mask = this.#table.length - 1;
    let slot = halfSipHash(name, parent, this.#key) & mask;
    for (;;) {
      const node = (this.#table[slot] ?? 0) - 1;
      if (node < 0) return slot;
      if (this.isNamed(node, parent, name)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #grow(): void {
    const old = this.#table;
    this.#table = new Uint32Array(2 * old.length);
    const mask = this.#table.length - 1;
    for (const place of old) {
      if (place === 0) continue;
      // each is there once: the first free slot is its own
      let slot = halfSipHash(this.name(place - 1), this.parent(place - 1), this.#key) & mask;
      while (this.#table[slot] !== 0) slot = (slot + 1) & mask;
      this.#table[slot] = place;
    }
  }
}

function keyOf(bytes: Buffer): HashKey {
  return { low: bytes.readInt32LE(0), high: bytes.readInt32LE(4) };
}

function roomFor(array: Uint32Array<ArrayBuffer>, length: number): Uint32Array<ArrayBuffer> {
  if (length <= array.length) return array;
  const grown = new Uint32Array(Math.max(length, 2 * array.length));
  grown.set(array);
  return grown;
}
