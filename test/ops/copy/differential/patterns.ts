/** The directories on the way to a path, top first. */
export function parentsOf(path: string): string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
}

/** The last pattern that matches the path or a directory on the way to it decides. */
export function isMatched(patterns: readonly string[], path: string): boolean {
  let isTaken = false;
  for (const written of patterns) {
    const isNegated = written.startsWith('!');
    const regexp = regexpOf(isNegated ? written.slice(1) : written);
    if ([...parentsOf(path), path].some((one) => regexp.test(textOf(one)))) isTaken = !isNegated;
  }
  return isTaken;
}

/** One part of a wildcard, on one name. */
export function nameMatches(pattern: string, name: string): boolean {
  return regexpOf(textOf(pattern)).test(textOf(name));
}

function regexpOf(pattern: string): RegExp {
  const source = pattern
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .map((part, index, all) => {
      const slash = index < all.length - 1 ? '/' : '';
      if (part === '**') return slash === '' ? '.+' : '(?:.*/)?';
      return part.replace(/[*?]/g, (letter) => (letter === '*' ? '[^/]*' : '[^/]')) + slash;
    })
    .join('');
  return new RegExp(`^${source === '' ? '.*' : source}$`, 'su');
}

/** A byte that is no character counts as one. */
export function textOf(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8');
}
