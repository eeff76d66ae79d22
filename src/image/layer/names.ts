/** AUFS names that OCI layers use for removals (image-spec layer.md, "Whiteouts"). */
export const WHITEOUT_PREFIX = '.wh.';
export const OPAQUE_NAME = '.wh..wh..opq';
/** What else aufs kept at the top of its layers, and the directory of files with several names. */
export const AUFS_PREFIX = '.wh..wh.';
export const AUFS_LINKS = '.wh..wh.plnk/';

/** overlayfs would obey these, so no layer may carry them; the rest of `trusted.` is root's own on each machine. */
export function isForbiddenXattr(name: string): boolean {
  return name.startsWith('trusted.') || /(^|\.)overlay\./.test(name);
}

export function whiteoutOf(path: string): string {
  const slash = path.lastIndexOf('/') + 1;
  return `${path.slice(0, slash)}${WHITEOUT_PREFIX}${path.slice(slash)}`;
}

export function splitPath(path: string): { readonly dir: string; readonly base: string } {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? { dir: '', base: path } : { dir: path.slice(0, slash), base: path.slice(slash + 1) };
}
