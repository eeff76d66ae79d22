/** The directories on the way to a path, top first. */
export function parentsOf(path: string): string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
}

/** Directory by directory: a pattern that matched above matches again, another is asked where it would change something. */
export function isMatched(patterns: readonly string[], path: string): boolean {
  let above: readonly boolean[] = [];
  let isTaken = false;
  for (const one of [...parentsOf(path), path]) {
    isTaken = false;
    above = patterns.map((written, index) => {
      const isNegated = written.startsWith('!');
      const regexp = regexpOf(isNegated ? written.slice(1) : written);
      const matches = above[index] === true || (isNegated === isTaken && regexp.test(textOf(one)));
      if (matches) isTaken = !isNegated;
      return matches;
    });
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
