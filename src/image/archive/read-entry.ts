import { ArchiveError } from './archive-error.ts';
import type { EntryType, TarEntry } from './entry.ts';
import type { HeaderFields } from './header.ts';
import type { Extended } from './records.ts';
import { safePath, shownName } from './safe-path.ts';

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

/** undefined for what is no file and says nothing. @throws ArchiveError unsupported */
export function typeOf({ typeflag, name }: HeaderFields, { isSparse }: Extended): EntryType | undefined {
  if (typeflag === 'S' || isSparse)
    throw new ArchiveError('unsupported', `${shownName(name)} is a sparse member, which layers may not hold`);
  const type = TYPES[typeflag];
  if (type === undefined && typeflag !== LABEL)
    throw new ArchiveError('unsupported', `${shownName(name)} is of the unknown type ${JSON.stringify(typeflag)}`);
  return type;
}

export interface EntryParts {
  readonly type: EntryType;
  readonly extended: Extended;
  /** GNU's; they count more than PAX's. */
  readonly longName: string | undefined;
  readonly longLink: string | undefined;
  readonly size: number;
  readonly maxPathBytes: number;
}

/** @throws ArchiveError */
export function entryOf(header: HeaderFields, parts: EntryParts): TarEntry {
  const { extended, maxPathBytes } = parts;
  const name = parts.longName ?? extended.path ?? headerName(header);
  // v7 tars tell a directory by the slash
  const type = header.typeflag === '\0' && name.endsWith('/') ? 'directory' : parts.type;
  return {
    path: safePath(name, maxPathBytes),
    type,
    mode: header.mode & 0o7777,
    ...ownerOf(header, { name, extended }),
    size: type === 'file' ? parts.size : 0,
    mtimeSec: extended.mtime?.sec ?? header.mtimeSec,
    mtimeNsec: extended.mtime?.nsec ?? 0,
    link: linkOf(type, parts.longLink ?? extended.link ?? header.link, maxPathBytes),
    ...deviceOf(header, { name, type }),
    xattrs: extended.xattrs,
  };
}

function ownerOf(
  header: HeaderFields,
  { name, extended }: { name: string; extended: Extended },
): Pick<TarEntry, 'uid' | 'gid'> {
  const { uid = header.uid, gid = header.gid } = extended;
  if (!isBetween(uid, MAX_ID) || !isBetween(gid, MAX_ID))
    throw new ArchiveError('unsupported', `${shownName(name)} has an impossible owner, ${uid}:${gid}`);
  return { uid, gid };
}

function deviceOf(
  { devMajor, devMinor }: HeaderFields,
  { name, type }: { name: string; type: EntryType },
): Pick<TarEntry, 'devMajor' | 'devMinor'> {
  if (type !== 'character' && type !== 'block') return { devMajor: 0, devMinor: 0 };
  if (!isBetween(devMajor, MAX_MAJOR) || !isBetween(devMinor, MAX_MINOR))
    throw new ArchiveError('unsupported', `${shownName(name)} is an impossible device`);
  return { devMajor, devMinor };
}

function linkOf(type: EntryType, link: string, maxPathBytes: number): string {
  if (type === 'hardlink') return safePath(link, maxPathBytes);
  return type === 'symlink' ? checkedLink(link, maxPathBytes) : '';
}

function headerName({ name, prefix }: HeaderFields): string {
  return prefix === '' ? name : `${prefix}/${name}`;
}

function checkedLink(link: string, maxPathBytes: number): string {
  if (link.length > maxPathBytes || link.includes('\0') || link === '')
    throw new ArchiveError('unsafe-name', 'a symlink with an impossible target');
  return link;
}

function isBetween(value: number, most: number): boolean {
  return value >= 0 && value <= most;
}
