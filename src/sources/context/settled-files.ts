import { type Digest, Digests, NO_ENTRY } from '../../../cache/index.ts';
import { Numbers, type TreeEntry } from '../../image/toc/index.ts';
import type { StatIndex } from './context-options.ts';

type Xattrs = TreeEntry['xattrs'];

const NO_XATTRS: Xattrs = new Map();

/** The one attribute of a file that a COPY takes over. */
export const CAPABILITY = 'security.capability';

/** Of a node: what it is to be settled, and that the index does not know it; of others the entry of the index comes after these. */
const [UNSETTLED, WITHOUT_ENTRY, FIRST_ENTRY] = [0, 1, 2];

/** What it takes more than a look to know of files: attributes and digests, by node. What was settled once stays as it was. */
export class SettledFiles {
  readonly #index: StatIndex | undefined;
  readonly #places = new Numbers(Uint32Array);
  /** Of nodes that the index does not know. */
  readonly #digests = new Digests();
  readonly #xattrs = new Map<number, Xattrs>();

  constructor(index?: StatIndex) {
    this.#index = index;
  }

  has(node: number): boolean {
    return this.#places.get(node) !== UNSETTLED;
  }

  /** Before anything else is asked for. @param indexed of the stat index; NO_ENTRY when it knows nothing of the file */
  settle(node: number, { capability, indexed }: { capability: Uint8Array | undefined; indexed: number }): void {
    while (this.#places.length <= node) this.#places.push(UNSETTLED);
    if (capability !== undefined) this.#xattrs.set(node, new Map([[CAPABILITY, capability]]));
    this.#places.set(node, indexed === NO_ENTRY ? WITHOUT_ENTRY : FIRST_ENTRY + indexed);
  }

  /** Whether the index knows its digest. */
  isIndexed(node: number): boolean {
    return this.#places.get(node) >= FIRST_ENTRY;
  }

  xattrs(node: number): Xattrs {
    return this.#xattrs.size === 0 ? NO_XATTRS : (this.#xattrs.get(node) ?? NO_XATTRS);
  }

  hasXattrs(node: number): boolean {
    return this.#xattrs.has(node);
  }

  digest(node: number): Digest | undefined {
    const entry = this.#entry(node);
    return entry === NO_ENTRY ? this.#digests.get(node) : this.#index?.digest(entry);
  }

  hasDigest(node: number): boolean {
    return this.isIndexed(node) || this.#digests.has(node);
  }

  /** The 32 bytes of a digest that is there. */
  copyDigest(node: number, into: Uint8Array, offset: number): void {
    const entry = this.#entry(node);
    if (entry === NO_ENTRY) this.#digests.copy(node, into, offset);
    else this.#index?.copyDigest(entry, into, offset);
  }

  /** Of a node that the index did not know. @param indexed where it has the same state and the digest now */
  keepDigest(node: number, digest: Digest, indexed: number = NO_ENTRY): void {
    if (indexed === NO_ENTRY) this.#digests.set(node, digest);
    else this.#places.set(node, FIRST_ENTRY + indexed);
  }

  #entry(node: number): number {
    return Math.max(NO_ENTRY, this.#places.get(node) - FIRST_ENTRY);
  }
}
