import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  futimesSync,
  lchownSync,
  linkSync,
  mkdirSync,
  openSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import { BuildError } from '../../errors.ts';
import { isErrno } from '../../host/fs/index.ts';
import { lsetxattr, mknod, setMtime } from '../../host/sys/index.ts';
import type { TarEntry } from '../../image/archive/index.ts';
import { displayPath, hostPath, parentOf, type RelPath, TOP } from '../../util/rel-path.ts';
import { lostText } from './standing.ts';

export interface TreeWriterOptions {
  /** There is but one id here: every file belongs to it. */
  readonly isSquashed: boolean;
  /** Devices cannot be made here. */
  readonly isUserNamespace: boolean;
  readonly warn: (message: string) => void;
}

interface MadeDirectory {
  readonly mtimeSec: number;
  readonly mtimeNsec: number;
  /** What is made in it begins with its group. */
  readonly lendsItsGroup: boolean;
}

const SETGID = 0o2000;

interface Made {
  readonly at: Buffer;
  readonly entry: TarEntry;
  /** It does not begin with the owner and group that it is to have. */
  readonly isOthers: boolean;
}

type Read = (sink: (chunk: Uint8Array) => void) => void;

/**
 * Fills an empty directory of ours with files that somebody else describes. It makes nothing but below directories that it made
 * itself, and nothing twice: no symlink is ever on the way.
 */
export class TreeWriter {
  readonly #top: string;
  readonly #options: TreeWriterOptions;
  readonly #directories = new Map<RelPath, MadeDirectory | undefined>([[TOP, undefined]]);
  readonly #lost = new Set<string>();

  /** @param top an empty directory */
  constructor(top: string, options: TreeWriterOptions) {
    this.#top = top;
    this.#options = options;
  }

  hasDirectory(path: RelPath): boolean {
    return this.#directories.has(path);
  }

  /** False when its place is not in a directory made here: then nothing is made. */
  add(path: RelPath, entry: TarEntry, read?: Read): boolean {
    if (path !== TOP && !this.hasDirectory(parentOf(path))) return false;
    const at = hostPath(this.#top, path);
    const made: Made = { at, entry, isOthers: this.#isOthers(path, entry) };
    if (entry.type === 'directory') this.#directory(path, entry);
    else if (entry.type === 'file') this.#file(made, read);
    else if (entry.type === 'symlink') symlinkSync(Buffer.from(entry.link, 'latin1'), at);
    else if (!this.#special(at, entry)) return true;
    if (entry.type !== 'file') this.#attributes(made);
    return true;
  }

  /** Another name for what is made here; false when that could not be made. */
  link(path: RelPath, target: RelPath): boolean {
    if (!this.hasDirectory(parentOf(path)) || !this.hasDirectory(parentOf(target))) return false;
    try {
      linkSync(hostPath(this.#top, target), hostPath(this.#top, path));
      return true;
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return false;
      throw error;
    }
  }

  whiteout(path: RelPath): boolean {
    if (!this.hasDirectory(parentOf(path))) return false;
    mknod(hostPath(this.#top, path), 'character', 0, 0, 0);
    return true;
  }

  xattr(path: RelPath, name: string, value: Uint8Array): void {
    lsetxattr(hostPath(this.#top, path), name, value);
  }

  /** To be called at the end: whatever is made in a directory changes its time. */
  finish(): void {
    for (const [path, time] of this.#directories) {
      if (time !== undefined) setMtime(hostPath(this.#top, path), time.mtimeSec, time.mtimeNsec);
    }
    if (this.#lost.size > 0) this.#options.warn(lostText(this.#lost));
  }

  #directory(path: RelPath, entry: TarEntry): void {
    const at = hostPath(this.#top, path);
    if (path !== TOP) mkdirSync(at, 0o700);
    const { mtimeSec, mtimeNsec, mode } = entry;
    this.#directories.set(path, { mtimeSec, mtimeNsec, lendsItsGroup: (mode & SETGID) !== 0 });
  }

  #file({ at, entry, isOthers }: Made, read: Read | undefined): void {
    const fd = openSync(at, CREATE, 0o600);
    try {
      read?.((chunk) => {
        for (let done = 0; done < chunk.length; ) done += writeSync(fd, chunk, done);
      });
      // In this order: writing and chown take setuid bits and capabilities away.
      if (isOthers) owned(() => fchownSync(fd, entry.uid, entry.gid), entry);
      fchmodSync(fd, entry.mode);
      this.#xattrs(at, entry);
      if (isPlainTime(entry)) futimesSync(fd, entry.mtimeSec, entry.mtimeSec);
    } finally {
      closeSync(fd);
    }
    if (!isPlainTime(entry)) setMtime(at, entry.mtimeSec, entry.mtimeNsec);
  }

  #special(at: Buffer, entry: TarEntry): boolean {
    if (entry.type === 'fifo') {
      mknod(at, 'fifo', 0o600);
      return true;
    }
    if (entry.type !== 'character' && entry.type !== 'block') return false;
    if (this.#options.isUserNamespace) {
      this.#lost.add('devices');
      return false;
    }
    mknod(at, entry.type, 0o600, entry.devMajor, entry.devMinor);
    return true;
  }

  #attributes({ at, entry, isOthers }: Made): void {
    if (isOthers) owned(() => lchownSync(at, entry.uid, entry.gid), entry);
    if (entry.type !== 'symlink') chmodSync(at, entry.mode);
    this.#xattrs(at, entry);
    if (entry.type !== 'directory') setMtime(at, entry.mtimeSec, entry.mtimeNsec);
  }

  #isOthers(path: RelPath, { uid, gid }: TarEntry): boolean {
    if (this.#options.isSquashed) return false;
    return uid !== 0 || gid !== 0 || this.#directories.get(parentOf(path))?.lendsItsGroup === true;
  }

  /** What a file system or a user namespace refuses is left out, and said. */
  #xattrs(at: Buffer, entry: TarEntry): void {
    for (const [name, value] of entry.xattrs) {
      try {
        lsetxattr(at, name, value);
      } catch (error) {
        if (!isErrno(error, 'EPERM') && !isErrno(error, 'ENOTSUP') && !isErrno(error, 'EOPNOTSUPP')) throw error;
        this.#lost.add(`xattr ${name}`);
      }
    }
  }
}

/** Node takes seconds as a float, and a time before 1970 for now. */
function isPlainTime({ mtimeSec, mtimeNsec }: TarEntry): boolean {
  return mtimeNsec === 0 && mtimeSec >= 0;
}

const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

function owned(chown: () => void, { path, uid, gid }: TarEntry): void {
  try {
    chown();
  } catch (error) {
    if (!isErrno(error, 'EINVAL')) throw error;
    throw new BuildError(
      'layer-refused',
      `${displayPath(path)} belongs to ${uid}:${gid}, which is outside of your sub-id ranges`,
      {
        hint: 'sudo usermod --add-subuids 100000-1099999999 --add-subgids 100000-1099999999 $USER',
        cause: error,
      },
    );
  }
}
