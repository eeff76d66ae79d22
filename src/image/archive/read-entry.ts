import { ArchiveError } from './archive-error.ts';
import type { EntryType, TarEntry } from './entry.ts';
import type { HeaderFields } from './header.ts';
import type { Extended } from './records.ts';
import { type PathLimits, safePath, shownName } from './safe-path.ts';

const TYPES: Readonly<Record<string, EntryType>> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'character',
  '4': 'block',
  '5': 'directory',
  '6': 'fifo',
};
/** An archive's own label, as `tar --label` writes it. */
const LABEL = 'V';
/** uid_t and gid_t, without the one that means none. */
const MAX_ID = 0xfffffffe;
const MAX_MAJOR = 0xfff;
const MAX_MINOR = 0xfffff;

export interface TypeOptions {
  readonly sparse: Extended['sparse'];
  /** Whether who reads can do with holes. */
  readonly takesHoles: boolean;
}

/** undefined for what is no file and says nothing. @throws ArchiveError unsupported */
export function typeOf({ typeflag, name }: HeaderFields, { sparse, takesHoles }: TypeOptions): EntryType | undefined {
  if (typeflag === 'S') throw refused(name, 'a sparse member in the old GNU format, which is not read');
  if (sparse !== undefined && !takesHoles) throw refused(name, 'a sparse member, which layers may not hold');
  const type = TYPES[typeflag];
  if (type === undefined && typeflag !== LABEL) throw refused(name, `of the unknown type ${JSON.stringify(typeflag)}`);
  return type;
}

function refused(name: string, what: string): ArchiveError {
  return new ArchiveError('unsupported', `${shownName(name)} is ${what}`);
}

export interface EntryParts {
  readonly type: EntryType;
  readonly extended: Extended;
  /** GNU's; they count more than PAX's, but for the name of a sparse member. */
  readonly longName: string | undefined;
  readonly longLink: string | undefined;
  readonly size: number;
  readonly limits: PathLimits;
}

/** Field by field: copying with `...` takes longer than all else. @throws ArchiveError */
export function entryOf(header: HeaderFields, parts: EntryParts): TarEntry {
  const { extended, limits } = parts;
  const name = nameOf(header, parts);
  // v7 tars tell a directory by the slash
  const type = header.typeflag === '\0' && name.endsWith('/') ? 'directory' : parts.type;
  const isDevice = type === 'character' || type === 'block';
  if (isDevice) checkDevice(header, name);
  const mtime = extended.mtime ?? { sec: header.mtimeSec, nsec: 0 };
  return {
    path: safePath(name, limits),
    type,
    mode: header.mode & 0o7777,
    uid: checkedID(extended.uid ?? header.uid, name),
    gid: checkedID(extended.gid ?? header.gid, name),
    size: type === 'file' ? parts.size : 0,
    mtimeSec: mtime.sec,
    mtimeNsec: mtime.nsec,
    link: linkOf(type, parts, header),
    devMajor: isDevice ? header.devMajor : 0,
    devMinor: isDevice ? header.devMinor : 0,
    xattrs: extended.xattrs,
  };
}

function checkedID(id: number, name: string): number {
  if (!isBetween(id, MAX_ID))
    throw new ArchiveError('unsupported', `${shownName(name)} has an impossible owner, ${id}`);
  return id;
}

function checkDevice({ devMajor, devMinor }: HeaderFields, name: string): void {
  if (!isBetween(devMajor, MAX_MAJOR) || !isBetween(devMinor, MAX_MINOR)) throw refused(name, 'an impossible device');
}

function linkOf(type: EntryType, { longLink, extended, limits }: EntryParts, header: HeaderFields): string {
  if (type !== 'hardlink' && type !== 'symlink') return '';
  const link = longLink ?? extended.link ?? header.link;
  return type === 'hardlink' ? safePath(link, limits) : checkedLink(link, limits);
}

function nameOf({ name, prefix }: HeaderFields, { longName, extended }: EntryParts): string {
  return extended.sparse?.name ?? longName ?? extended.path ?? (prefix === '' ? name : `${prefix}/${name}`);
}

function checkedLink(link: string, { maxPathBytes }: PathLimits): string {
  if (link.length > maxPathBytes || link.includes('\0') || link === '')
    throw new ArchiveError('unsafe-name', 'a symlink with an impossible target');
  return link;
}

function isBetween(value: number, most: number): boolean {
  return value >= 0 && value <= most;
}
