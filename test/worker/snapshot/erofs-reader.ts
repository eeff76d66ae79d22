/**
 * Reads an EROFS image as the kernel's documents describe it, and shares nothing with the writer. Whatever is out of place throws.
 */
export interface ReadInode {
  readonly nid: number;
  readonly type: 'file' | 'directory' | 'symlink' | 'character' | 'block' | 'fifo' | 'socket';
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly nlink: number;
  readonly size: number;
  readonly mtime: readonly [sec: number, nsec: number];
  readonly rdev: readonly [major: number, minor: number];
  readonly link: string;
  /** Of a file with content: bytes from the start of the extra device. */
  readonly offset: number | undefined;
  readonly xattrs: ReadonlyMap<string, string>;
  readonly isCompact: boolean;
}

export interface ReadImage {
  /** By path; the top is ''. */
  readonly files: ReadonlyMap<string, ReadInode>;
  readonly inodeCount: number;
  readonly deviceBlocks: number;
}

const SUPER = 1024;
const TYPES: Record<number, ReadInode['type']> = {
  8: 'file',
  4: 'directory',
  10: 'symlink',
  2: 'character',
  6: 'block',
  1: 'fifo',
  12: 'socket',
};
const DIRENT_TYPES = ['', 'file', 'directory', 'character', 'block', 'fifo', 'socket', 'symlink'];
const XATTR_PREFIXES: Record<number, string> = { 1: 'user.', 4: 'trusted.', 6: 'security.' };

export function readErofs(image: Buffer): ReadImage {
  const reader = new Reader(image);
  const files = new Map<string, ReadInode>();
  const seen = new Map<number, ReadInode>();
  const nlinks = new Map<number, number>();
  const count = (nid: number): void => void nlinks.set(nid, (nlinks.get(nid) ?? 0) + 1);
  const walk = (nid: number, path: string, parent: number): void => {
    const inode = reader.inode(nid);
    files.set(path, inode);
    seen.set(nid, inode);
    if (inode.type !== 'directory') {
      count(nid);
      return;
    }
    const names = reader.directory(inode);
    check(names.get('.')?.nid === nid, `"." of ${path} leads elsewhere`);
    check(names.get('..')?.nid === parent, `".." of ${path} leads elsewhere`);
    for (const [name, child] of names) {
      // A directory's links: its name, its own ".", and the ".." of each directory in it.
      if (child.type === 'directory') count(child.nid);
      if (name === '.' || name === '..') continue;
      walk(child.nid, path === '' ? name : `${path}/${name}`, nid);
      check(seen.get(child.nid)?.type === child.type, `${path}/${name}: the directory says ${child.type}`);
    }
  };
  walk(reader.rootNid, '', reader.rootNid);
  check(reader.inodeCount === seen.size, `the superblock counts ${reader.inodeCount} inodes, there are ${seen.size}`);
  for (const [nid, inode] of seen) {
    check(inode.nlink === nlinks.get(nid), `nid ${nid} has ${nlinks.get(nid)} names and says ${inode.nlink}`);
  }
  return { files, inodeCount: seen.size, deviceBlocks: reader.deviceBlocks };
}

function check(isRight: boolean, otherwise: string): asserts isRight {
  if (!isRight) throw new Error(`bad EROFS image: ${otherwise}`);
}

/** Bit by bit. */
function crc32c(bytes: Buffer): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return crc >>> 0;
}

class Reader {
  readonly #image: Buffer;
  readonly #block: number;
  readonly #meta: number;
  readonly #xattrs: number;
  readonly #time: readonly [number, number];
  readonly rootNid: number;
  readonly inodeCount: number;
  readonly deviceBlocks: number;

  constructor(image: Buffer) {
    this.#image = image;
    check(image.readUInt32LE(SUPER) === 0xe0f5e1e2, 'no magic');
    this.#block = 1 << image.readUInt8(SUPER + 12);
    check(this.#block === 512, `blocks of ${this.#block}`);
    const first = Buffer.from(image.subarray(SUPER, SUPER + this.#block));
    first.writeUInt32LE(0, 4);
    check(crc32c(first) === image.readUInt32LE(SUPER + 4), 'checksum');
    check((image.readUInt32LE(SUPER + 8) & 3) === 3, 'compatible features');
    check(image.readUInt32LE(SUPER + 80) === 0xc, 'incompatible features');
    check(image.readUInt16LE(SUPER + 86) === 1, 'devices');
    const slot = image.readUInt16LE(SUPER + 88) * 128;
    this.deviceBlocks = image.readUInt32LE(slot + 64);
    this.rootNid = image.readUInt16LE(SUPER + 14);
    this.inodeCount = Number(image.readBigUInt64LE(SUPER + 16));
    this.#time = [Number(image.readBigInt64LE(SUPER + 24)), image.readUInt32LE(SUPER + 32)];
    check(image.readUInt32LE(SUPER + 36) * this.#block === image.length, 'count of blocks');
    this.#meta = image.readUInt32LE(SUPER + 40) * this.#block;
    this.#xattrs = image.readUInt32LE(SUPER + 44) * this.#block;
  }

  inode(nid: number): ReadInode {
    const image = this.#image;
    const at = this.#meta + nid * 32;
    const format = image.readUInt16LE(at);
    const isCompact = (format & 1) === 0;
    const layout = format >> 1;
    const mode = image.readUInt16LE(at + 4);
    const type = TYPES[mode >> 12];
    check(type !== undefined, `mode ${mode.toString(8)} of nid ${nid}`);
    const size = isCompact ? image.readUInt32LE(at + 8) : Number(image.readBigUInt64LE(at + 8));
    const units = image.readUInt16LE(at + 2);
    const xattrAt = at + (isCompact ? 32 : 64);
    const tail = xattrAt + (units === 0 ? 0 : 12 + 4 * (units - 1));
    const detail = image.readUInt32LE(at + 16);
    const place = { layout, detail, tail, size };
    const inode = {
      ...{ nid, type, mode: mode & 0o7777, size, isCompact },
      uid: isCompact ? image.readUInt16LE(at + 24) : image.readUInt32LE(at + 24),
      gid: isCompact ? image.readUInt16LE(at + 26) : image.readUInt32LE(at + 28),
      nlink: isCompact ? image.readUInt16LE(at + 6) : image.readUInt32LE(at + 44),
      mtime: isCompact ? this.#time : ([Number(image.readBigInt64LE(at + 32)), image.readUInt32LE(at + 40)] as const),
      rdev: type === 'character' || type === 'block' ? device(detail) : ([0, 0] as const),
      link: type === 'symlink' ? this.#data(place).toString('latin1') : '',
      offset: type === 'file' && size > 0 ? this.#chunk(place) : undefined,
      xattrs: units === 0 ? new Map<string, string>() : this.#readXattrs(xattrAt, tail),
    };
    this.#places.set(nid, place);
    return inode;
  }

  readonly #places = new Map<number, Place>();

  directory({ nid }: ReadInode): Map<string, { nid: number; type: string }> {
    const place = this.#places.get(nid);
    check(place !== undefined, `nid ${nid} was not read`);
    const data = this.#data(place);
    const names = new Map<string, { nid: number; type: string }>();
    let last = '';
    for (let at = 0; at < data.length; at += this.#block) {
      const block = data.subarray(at, at + this.#block);
      const count = block.readUInt16LE(8) / 12;
      for (let index = 0; index < count; index += 1) {
        const start = block.readUInt16LE(12 * index + 8);
        const next = index + 1 < count ? block.readUInt16LE(12 * index + 20) : block.length;
        const name = block.toString('latin1', start, next).replace(/\0+$/, '');
        check(name !== '' && !name.includes('/') && name > last, `order of names: ${last} ${name}`);
        last = name;
        const type = DIRENT_TYPES[block.readUInt8(12 * index + 10)] ?? '';
        names.set(name, { nid: Number(block.readBigUInt64LE(12 * index)), type });
      }
    }
    return names;
  }

  #data({ layout, detail, tail, size }: Place): Buffer {
    check(layout === 0 || layout === 2, `layout ${layout} for data of metadata`);
    const block = this.#block;
    if (layout === 0) return this.#image.subarray(detail * block, detail * block + size);
    const inline = size % block;
    check((tail % block) + inline <= block, 'a tail across blocks');
    const full = size - inline;
    const before = full === 0 ? Buffer.alloc(0) : this.#image.subarray(detail * block, detail * block + full);
    return Buffer.concat([before, this.#image.subarray(tail, tail + inline)]);
  }

  #chunk({ layout, detail, tail, size }: Place): number {
    check(layout === 4, `layout ${layout} for a file with content`);
    check((detail & ~0x1f) === 0x20, `chunk format ${detail}`);
    check(this.#block * 2 ** (detail & 0x1f) >= size, 'more than one chunk');
    const at = Math.ceil(tail / 8) * 8;
    check(this.#image.readUInt16LE(at) === 0 && this.#image.readUInt16LE(at + 2) === 1, 'device of a chunk');
    const start = this.#image.readUInt32LE(at + 4);
    check(start * this.#block + size <= this.deviceBlocks * this.#block, 'a file beyond the end of its device');
    return start * this.#block;
  }

  #readXattrs(at: number, end: number): Map<string, string> {
    const found = new Map<string, string>();
    const shared = this.#image.readUInt8(at + 4);
    for (let index = 0; index < shared; index += 1) {
      this.#xattr(this.#xattrs + 4 * this.#image.readUInt32LE(at + 12 + 4 * index), found);
    }
    for (let place = at + 12 + 4 * shared; place < end; ) place = this.#xattr(place, found);
    return found;
  }

  #xattr(at: number, found: Map<string, string>): number {
    const nameLength = this.#image.readUInt8(at);
    const prefix = XATTR_PREFIXES[this.#image.readUInt8(at + 1)];
    check(prefix !== undefined, 'prefix of an xattr');
    const valueLength = this.#image.readUInt16LE(at + 2);
    const name = `${prefix}${this.#image.toString('latin1', at + 4, at + 4 + nameLength)}`;
    const valueAt = at + 4 + nameLength;
    check(!found.has(name), `xattr ${name} twice`);
    found.set(name, this.#image.toString('latin1', valueAt, valueAt + valueLength));
    return Math.ceil((valueAt + valueLength) / 4) * 4;
  }
}

interface Place {
  readonly layout: number;
  readonly detail: number;
  readonly tail: number;
  readonly size: number;
}

function device(encoded: number): readonly [number, number] {
  return [(encoded & 0xfff00) >>> 8, (encoded & 0xff) | ((encoded >>> 12) & 0xfff00)];
}
