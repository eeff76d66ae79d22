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

type Read = (sink: (chunk: Uint8Array) => void) => void;

/**
 * Fills an empty directory of ours with files that somebody else describes. It makes nothing but below directories that it made
 * itself, and nothing twice: no symlink is ever on the way.
 */
export class TreeWriter {
  readonly #top: string;
  readonly #options: TreeWriterOptions;
  readonly #directories = new Map<RelPath, Pick<TarEntry, 'mtimeSec' | 'mtimeNsec'> | undefined>([[TOP, undefined]]);
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
    if (entry.type === 'directory') this.#directory(path, entry);
    else if (entry.type === 'file') this.#file(at, entry, read);
    else if (entry.type === 'symlink') symlinkSync(Buffer.from(entry.link, 'latin1'), at);
    else if (!this.#special(at, entry)) return true;
    if (entry.type !== 'file') this.#attributes(at, entry);
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
    this.#directories.set(path, { mtimeSec: entry.mtimeSec, mtimeNsec: entry.mtimeNsec });
  }

  #file(at: Buffer, entry: TarEntry, read: Read | undefined): void {
    const fd = openSync(at, CREATE, 0o600);
    try {
      read?.((chunk) => {
        for (let done = 0; done < chunk.length; ) done += writeSync(fd, chunk, done);
      });
      // In this order: writing and chown take setuid bits and capabilities away.
      if (this.#isOthers(entry)) owned(() => fchownSync(fd, entry.uid, entry.gid), entry);
      fchmodSync(fd, entry.mode);
      this.#xattrs(at, entry);
      if (entry.mtimeNsec === 0) futimesSync(fd, entry.mtimeSec, entry.mtimeSec);
    } finally {
      closeSync(fd);
    }
    if (entry.mtimeNsec !== 0) setMtime(at, entry.mtimeSec, entry.mtimeNsec);
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

  #attributes(at: Buffer, entry: TarEntry): void {
    if (this.#isOthers(entry)) owned(() => lchownSync(at, entry.uid, entry.gid), entry);
    if (entry.type !== 'symlink') chmodSync(at, entry.mode);
    this.#xattrs(at, entry);
    if (entry.type !== 'directory') setMtime(at, entry.mtimeSec, entry.mtimeNsec);
  }

  #isOthers({ uid, gid }: TarEntry): boolean {
    return (uid !== 0 || gid !== 0) && !this.#options.isSquashed;
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
