import type { Digest } from '../../../cache/index.ts';
import type { RelPath } from '../../util/rel-path.ts';
import type { EntryType, TarEntry } from '../archive/index.ts';
import type { TreeEntry } from './tree.ts';

/** Where a regular file's content lies. */
export interface Place {
  readonly layer: number;
  readonly offset: number;
  readonly digest: Digest | undefined;
}

/** An entry of a stack that knows where its content is: a look-up in a WeakMap costs more than the rest of a lookup. */
export class StackEntry implements TreeEntry {
  readonly path: RelPath;
  readonly type: EntryType;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtimeSec: number;
  readonly mtimeNsec: number;
  readonly link: string;
  readonly devMajor: number;
  readonly devMinor: number;
  readonly xattrs: ReadonlyMap<string, Uint8Array>;
  declare readonly linkGroup?: string;
  declare readonly isImplied?: boolean;
  readonly #stack: object;
  readonly #place: Place;

  constructor(
    entry: TarEntry & Pick<TreeEntry, 'isImplied'>,
    at: Place & { readonly stack: object; readonly linkGroup: string | undefined },
  ) {
    this.path = entry.path;
    this.type = entry.type;
    this.mode = entry.mode;
    this.uid = entry.uid;
    this.gid = entry.gid;
    this.size = entry.size;
    this.mtimeSec = entry.mtimeSec;
    this.mtimeNsec = entry.mtimeNsec;
    this.link = entry.link;
    this.devMajor = entry.devMajor;
    this.devMinor = entry.devMinor;
    this.xattrs = entry.xattrs;
    if (at.linkGroup !== undefined) this.linkGroup = at.linkGroup;
    if (entry.isImplied !== undefined) this.isImplied = entry.isImplied;
    this.#stack = at.stack;
    this.#place = at;
  }

  get place(): Place {
    return this.#place;
  }

  /** The entry itself when this stack made it. */
  static of(entry: TreeEntry, stack: object): StackEntry | undefined {
    return entry instanceof StackEntry && entry.#stack === stack ? entry : undefined;
  }

  /** The same file under another name. */
  renamed(path: RelPath, linkGroup: string, stack: object): StackEntry {
    return new StackEntry(Object.assign({}, this, { path }), { ...this.#place, linkGroup, stack });
  }
}
