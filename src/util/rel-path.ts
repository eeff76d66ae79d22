declare const relPathBrand: unique symbol;

/**
 * A path inside a tree: bytes decoded as latin1 (names are bytes), no leading or trailing slash, no empty, `.` or `..`
 * part; '' is the tree's top. Decode as UTF-8 for display only (see displayPath).
 */
export type RelPath = string & { readonly [relPathBrand]: true };

export const TOP: RelPath = '' as RelPath;

/** Cleans a path that is already latin1: slashes, `.`; `..` is clamped at the top, as in a chroot. */
export function relPath(latin1: string): RelPath {
  const parts: string[] = [];
  for (const part of latin1.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') parts.pop();
    else parts.push(part);
  }
  return parts.join('/') as RelPath;
}

/** From text as people write it (a Dockerfile's, UTF-8) to the path's bytes. */
export function relPathOfText(text: string): RelPath {
  return relPath(latin1Of(text));
}

export function latin1Of(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** For messages and reports only. */
export function displayPath(path: string): string {
  return Buffer.from(path, 'latin1').toString('utf8');
}

export function joinRel(dir: RelPath, name: string): RelPath {
  return (dir === '' ? name : `${dir}/${name}`) as RelPath;
}

/** '' for the top and for names at the top. */
export function parentOf(path: RelPath): RelPath {
  const slash = path.lastIndexOf('/');
  return (slash < 0 ? '' : path.slice(0, slash)) as RelPath;
}

export function baseName(path: RelPath): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Bytes for system calls: a Buffer of the host path, when `root` is a host directory given as text. */
export function hostPath(root: string, path: RelPath): Buffer {
  const top = Buffer.from(root, 'utf8');
  return path === '' ? top : Buffer.concat([top, Buffer.from('/'), Buffer.from(path, 'latin1')]);
}
