import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BadPattern, hasWildcard, makePathMatch } from '../../../src/util/match/index.ts';
import { latin1Of } from '../../../src/util/rel-path.ts';

function matchPath(pattern: string, name: string): boolean {
  return makePathMatch(pattern)(name);
}

describe('makePathMatch is Go filepath.Match', () => {
  // from the table of Go's own path/filepath tests
  test.each([
    ['abc', 'abc', true],
    ['*', 'abc', true],
    ['*c', 'abc', true],
    ['a*', 'a', true],
    ['a*', 'ab/c', false],
    ['a*/b', 'abc/b', true],
    ['a*/b', 'a/c/b', false],
    ['a*b*c*d*e*/f', 'axbxcxdxe/f', true],
    ['a*b*c*d*e*/f', 'axbxcxdxexxx/f', true],
    ['a*b*c*d*e*/f', 'axbxcxdxe/xxx/f', false],
    ['a*b?c*x', 'abxbbxdbxebxczzx', true],
    ['a*b?c*x', 'abxbbxdbxebxczzy', false],
    ['ab[c]', 'abc', true],
    ['ab[b-d]', 'abc', true],
    ['ab[e-g]', 'abc', false],
    ['ab[^c]', 'abc', false],
    ['ab[^e-g]', 'abc', true],
    ['a\\*b', 'a*b', true],
    ['a\\*b', 'ab', false],
    ['a?b', 'a☺b', true],
    ['a[^a]b', 'a☺b', true],
    ['a???b', 'a☺b', false],
    ['a[^a][^a][^a]b', 'a☺b', false],
    ['[a-ζ]*', 'α', true],
    ['*[a-ζ]', 'A', false],
    ['a?b', 'a/b', false],
    ['a*b', 'a/b', false],
    ['[\\]a]', ']', true],
    ['[\\-]', '-', true],
    ['[x\\-]', 'x', true],
    ['*x', 'xxx', true],
    ['[!a]', '!', true],
    ['[!a]', 'b', false],
  ])('%s ~ %s is %s', (pattern, name, expected) => {
    expect(matchPath(latin1Of(pattern), latin1Of(name))).toBe(expected);
  });

  test.each(['[]a]', '[-]', '[x-]', '[-x]', '[', '[^', '[^bc', 'a[', 'a\\', '[a-b-c]'])(
    '%s is no pattern',
    (pattern) => {
      expect(() => matchPath(pattern, 'a')).toThrow(BadPattern);
    },
  );

  test('a byte that is no UTF-8 is one character', () => {
    expect(matchPath('a?b', 'a\xffb')).toBe(true);
    expect(matchPath('a?b', 'a\xe2\x98b')).toBe(false);
  });

  test('many stars cost no more than their number times the name', () => {
    // trying out all ways would not end within the test's limit
    expect(matchPath('*a'.repeat(40), `${'a'.repeat(250)}b`)).toBe(false);
  });

  test('every escaped name matches itself and nothing else', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (name, other) => {
        const escaped = latin1Of(name).replace(/[*?[\]\\]/g, '\\$&');
        expect(matchPath(escaped, latin1Of(name))).toBe(true);
        expect(hasWildcard(escaped)).toBe(false);
        if (other !== name) expect(matchPath(escaped, latin1Of(other))).toBe(false);
      }),
    );
  });
});
