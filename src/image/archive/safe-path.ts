import { displayPath, type RelPath, relPath } from '../../util/rel-path.ts';
import { ArchiveError } from './archive-error.ts';

const SLASH = 0x2f;
const DOT = 0x2e;
/** Of one part of a path, on every file system that layers are mounted from. */
const MAX_PART = 255;
const MAX_SHOWN = 200;

export interface PathLimits {
  readonly maxPathBytes: number;
  /** Names that lead out of the archive: no layer may have them; unpackers in a chroot stop at its top. */
  readonly outside: 'refused' | 'clamped';
}

/**
 * A name of an archive as a path inside it. A leading `/`, `.` and inner `..` go, by the text alone, as in every unpacker.
 * @throws ArchiveError unsafe-name
 */
export function safePath(name: string, { maxPathBytes, outside }: PathLimits): RelPath {
  if (name.length > maxPathBytes)
    throw new ArchiveError('unsafe-name', `a name of ${name.length} bytes; at most ${maxPathBytes} are taken`);
  const end = name.endsWith('/') ? name.length - 1 : name.length;
  return isClean(name, end) ? (name.slice(0, end) as RelPath) : cleaned(name, outside);
}

/** True when every part is a plain name. */
function isClean(name: string, end: number): boolean {
  let start = 0;
  for (let at = 0; at <= end; at += 1) {
    const code = at === end ? SLASH : name.charCodeAt(at);
    if (code === 0) return false;
    if (code !== SLASH) continue;
    const length = at - start;
    if (length === 0 || length > MAX_PART) return false;
    if (length <= 2 && name.charCodeAt(start) === DOT && name.charCodeAt(at - 1) === DOT) return false;
    start = at + 1;
  }
  return true;
}

function cleaned(name: string, outside: PathLimits['outside']): RelPath {
  if (name.includes('\0')) throw refused(name, 'holds a NUL byte');
  let depth = 0;
  for (const part of name.split('/')) {
    if (part.length > MAX_PART) throw refused(name, `has a part of more than ${MAX_PART} bytes`);
    if (part === '' || part === '.') continue;
    depth += part === '..' ? -1 : 1;
    if (depth < 0 && outside === 'refused') throw refused(name, 'leads out of the archive');
  }
  return relPath(name);
}

function refused(name: string, why: string): ArchiveError {
  return new ArchiveError('unsafe-name', `the name ${shownName(name)} ${why}`);
}

/** A name of an archive for messages. */
export function shownName(name: string): string {
  return JSON.stringify(name.length > MAX_SHOWN ? `${displayPath(name.slice(0, MAX_SHOWN))}…` : displayPath(name));
}
