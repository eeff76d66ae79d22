/** Clean and absolute, without a trailing slash. */
export function cleanTarget(target: string): string {
  const parts: string[] = [];
  for (const part of target.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

export function isBelow(path: string, dir: string): boolean {
  return path.startsWith(dir === '/' ? '/' : `${dir}/`) && path !== dir;
}

/** Parents first; those at the same depth in the order they were given. */
export function parentsFirst<T extends { readonly target: string }>(mounts: readonly T[]): T[] {
  const depth = ({ target }: T): number => target.split('/').length;
  return [...mounts].sort((a, b) => depth(a) - depth(b));
}
