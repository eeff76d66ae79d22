import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type IgnoreRule, InvalidRule, makeMatcher, parseIgnoreLines, rulesOf } from '../../../src/util/match/index.ts';
import { latin1Of } from '../../../src/util/rel-path.ts';

const excludes = (patterns: readonly string[], path: string) => makeMatcher(rulesOf(patterns)).excludes(latin1Of(path));

describe('patterns', () => {
  test.each([
    ['**', 'file', true],
    ['**', 'dir/file', true],
    ['**/', 'dir/file', true],
    ['**/**', 'dir/dir/file', true],
    ['dir/**', 'dir', false],
    ['dir/**', 'dir/file', true],
    ['dir/**', 'dir/dir2/file', true],
    ['**/dir', 'dir', true],
    ['**/dir', 'dir/file', true],
    ['**/dir2/*', 'dir/dir2/file', true],
    ['**/dir2/*', 'dir/dir2/dir2/file', true],
    ['**/dir2/**', 'dir/dir2/dir2/file', true],
    ['**file', 'file', true],
    ['**file', 'dir/file', true],
    ['**file', 'dir/dir/xfile', true],
    ['**/file', 'dir/xfile', false],
    ['**/file*', 'dir/dir/file.txt', true],
    ['**/**/*.txt', 'dir/dir/file.txt', true],
    ['**/*.txt2', 'dir/dir/file.txt', false],
    ['a**/*.txt', 'a/file.txt', true],
    ['a**/*.txt', 'a/dir/dir/file.txt', true],
    ['a[b-d]e', 'ae', false],
    ['a[b-d]e', 'ace', true],
    ['a[^b-d]e', 'aze', true],
    ['.*', '.foo', true],
    ['.*', 'foo', false],
    ['abc.def', 'abcZdef', false],
    ['abc?def', 'abcZdef', true],
    ['abc?def', 'abc/def', false],
    ['a\\*b', 'a*b', true],
    ['a.|)$(}+{bc', 'a.|)$(}+{bc', true],
    [
      'dist/proxy.py-2.4.0rc3.dev36+g08acad9-py3-none-any.whl',
      'dist/proxy.py-2.4.0rc3.dev36+g08acad9-py3-none-any.whl',
      true,
    ],
    ['foo', 'a/foo', false],
    ['foo', 'foo/bar/baz', true],
    ['/foo', 'foo', false],
    ['//foo/', 'foo', false],
    ['./foo', 'foo', true],
    [' foo ', 'foo', true],
    ['', 'foo', false],
    ['./build/./out/', 'build/out/bin', true],
    ['src/../a.txt', 'a.txt', true],
    ['ä?', 'äö', true],
    ['.', 'anything', false],
  ])('%s excludes %s: %s', (pattern, path, expected) => {
    expect(excludes([pattern], path)).toBe(expected);
  });

  // what moby/patternmatcher answers, with Go's regexp
  test.each([
    ['a[\\d]', 'a5', true],
    ['a[\\d]', 'ad', false],
    ['a\\d*', 'a5b', true],
    ['src\\bin', 'srcbin', false],
    ['src\\bin', 'src\\bin', false],
    ['a\\w\\W', 'a_-', true],
    ['a\\x41\\101\\tb*', 'aAA\tb', true],
    ['*\\bx', 'a-x', true],
    ['*\\bx', 'ax', false],
    ['*\\Bx', 'ax', true],
    ['\\Aa\\z', 'a', true],
    ['a[!b]', 'a!', true],
    ['a[!b]', 'ac', false],
    ['a[^b]c', 'a/c', true],
    ['a[^b]', 'a☺', true],
    ['a*[^é]', 'aé', false],
    ['*[_-]', 'a', 'bad'],
    ['a*[_-]', 'a-', true],
    ['a[*]', 'a*', false],
    ['a[*]', 'a/^]', true],
    ['a[?]', 'a[]', true],
    ['a[[:digit:]]', 'a7', true],
    ['a[[:^digit:]]', 'a7', false],
    ['a[[:nothing:]]', 'a', 'bad'],
    ['^a', '^a', true],
    ['^a*', '^ab', false],
    ['^a*', 'ab', true],
    ['a^*', 'a^', false],
    ['**/x^', 'a/x^', true],
    ['a$*', 'a$b', true],
    ['a+(b|c){2}*', 'a+(b|c){2}d', true],
    ['a/**/b', 'a/\n/b', false],
    ['a?b', 'a\nb', true],
    ['bin\\Release', 'bin/Release', 'bad'],
    ['a\\é', 'a', 'bad'],
    ['a\\1', 'a', 'bad'],
  ])('%j as a regular expression: %j: %s', (pattern, path, expected) => {
    if (expected === 'bad') expect(() => rulesOf([pattern])).toThrow(InvalidRule);
    else expect(excludes([pattern], path)).toBe(expected);
  });

  test.each([
    [['*', '!src', 'src/lib', '!src/lib/x.c'], 'src/lib/x.c', false],
    [['*', '!src', 'src/lib', '!src/lib/x.c'], 'src/lib/y.c', true],
    [['*', '!src', 'src/lib', '!src/lib/x.c'], 'src/main.c', false],
    [['!README.md', '*.md'], 'README.md', true],
    [['**', '!util/docker/web'], 'util/docker/web/foo', false],
    [['**', '!util/docker/web', 'util/docker/web/foo'], 'util/docker/web/foo', true],
    [['dir', '!dir/../dir/file'], 'dir/file', true],
    [['**/node_modules', '!vendor'], 'vendor/node_modules/x', true],
    [['**/node_modules', '!vendor', '!*.md'], 'vendor/node_modules/x', true],
    [['a/b', '!a'], 'a/b', true],
    [['a/b', '!a/b'], 'a/b/c', false],
    [['*', '!a', 'a/b', '!a'], 'a/b', true],
    [['node_modules', '!node_modules/keep', '**/node_modules'], 'node_modules/keep', false],
    [['node_modules', '!node_modules/keep', '**/node_modules'], 'node_modules/other', true],
    [['foo', '!foo/*/**'], 'foo/a/b', false],
    [['foo', '!/foo'], 'foo', true],
    [['foo', '!./foo'], 'foo', true],
    [['foo', '! foo'], 'foo', true],
  ] as const)('%j on %s: %s', (patterns, path, expected) => {
    expect(excludes(patterns, path)).toBe(expected);
  });

  test('a context is walked by names where `!` rules have no wildcard', () => {
    const walked = (patterns: readonly string[]) => makeMatcher(rulesOf(patterns), { entersByName: true });
    expect(walked(['foo', '!foo/*/**']).excludes('foo/a/b')).toBe(true);
    expect(walked(['foo', '!foo/*/**']).ruleFor('foo/a/b')?.line).toBe(1);
    expect(walked(['foo', '!foo/*/**']).couldReinclude('foo/a')).toBe(false);
    expect(walked(['foo', '!foo/*/**', '!*.md']).excludes('foo/a/b')).toBe(false);
    expect(walked(['foo', '!foo/**']).excludes('foo/a/b')).toBe(false);
  });

  test('the deciding rule is told', () => {
    const matcher = makeMatcher(parseIgnoreLines('# c\n*.md\n!keep.md\n', '.dockerignore'));
    expect(matcher.ruleFor('a.md')).toEqual({ pattern: '*.md', line: 2, negated: false, file: '.dockerignore' });
    expect(matcher.ruleFor('keep.md')?.negated).toBe(true);
    expect(matcher.ruleFor('x')).toBeUndefined();
    expect(makeMatcher(rulesOf(['**/x', '!a', 'b'])).ruleFor('a/x')?.line).toBe(1);
    expect(makeMatcher(rulesOf(['*', 'a'])).ruleFor('a')?.line).toBe(1);
    expect(makeMatcher(rulesOf(['!a'])).ruleFor('a')).toBeUndefined();
  });

  test('directories that nothing below can be taken back from need not be entered', () => {
    const matcher = makeMatcher(rulesOf(['*', '!src/lib/*.c', '!**/deep.txt']));
    expect(makeMatcher(rulesOf(['node_modules', '!src'])).couldReinclude('node_modules')).toBe(false);
    expect(makeMatcher(rulesOf(['!src/a', 'src'])).couldReinclude('src')).toBe(false);
    expect(makeMatcher(rulesOf(['src', '!src/*/x'])).couldReinclude('src/y')).toBe(true);
    expect(makeMatcher(rulesOf(['src', '!src/*/x'])).couldReinclude('src/y/z')).toBe(false);
    expect(matcher.couldReinclude('anything/at/all')).toBe(true);
  });
});

describe('ignore files', () => {
  test('comments, blanks, marks and line ends', () => {
    const rules = parseIgnoreLines('\uFEFFone\r\n\r\n# comment\r\n  # not a comment\n ! two \n/three/\n');
    expect(rules.map((rule) => [rule.line, rule.negated, rule.pattern])).toEqual([
      [1, false, 'one'],
      [4, false, '# not a comment'],
      [5, true, 'two'],
      [6, false, 'three'],
    ]);
  });

  test.each([
    ['/foo', 'foo', true],
    ['//foo/', 'foo', true],
    ['*\n!/foo', 'foo', false],
    ['*\n! ./foo', 'foo', false],
    ['*\n/!foo', 'foo', false],
    ['/', 'foo', false],
    ['dir\n!dir/../dir/file', 'dir/file', false],
  ])('%j is about the top: %s is excluded: %s', (text, path, expected) => {
    expect(makeMatcher(parseIgnoreLines(text)).excludes(path)).toBe(expected);
  });

  test.each([['!'], ['!/'], [' ! '], ['a/../!'], ['['], ['[b-A]'], ['!['], ['x\\']])('%j is no pattern', (pattern) => {
    expect(() => rulesOf([pattern])).toThrow(InvalidRule);
  });

  test.each([
    ['a\n!\n', 2],
    ['[a\n', 1],
    ['x\\\n', 1],
    ['!/\n', 1],
    ['a\n! /b/..\n', 2],
    ['[b-A]\n', 1],
    ['!x[z-a]\n', 1],
  ])('%j is refused at its line', (text, line) => {
    expect(() => parseIgnoreLines(text)).toThrow(expect.objectContaining({ name: InvalidRule.name, line }));
  });
});

const part = fc.stringMatching(/^[ab.*?]{1,3}$/);
const pattern = fc
  .tuple(fc.constantFrom('', '!'), fc.array(fc.oneof(part, fc.constant('**')), { minLength: 1, maxLength: 4 }))
  .map(([not, parts]) => not + parts.join('/'));
const path = fc.array(fc.stringMatching(/^[ab]{1,3}$/), { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));

describe('laws', () => {
  test.each([false, true])('equals the rule walked directory by directory, entersByName: %s', (entersByName) => {
    fc.assert(
      fc.property(fc.array(pattern, { maxLength: 6 }), path, (patterns, name) => {
        const rules = rulesOf(patterns);
        const matcher = makeMatcher(rules, { entersByName });
        const decides = walkedTo(name, rules, entersByName);
        expect(matcher.ruleFor(name)).toEqual(rules[decides ?? -1]);
        expect(matcher.excludes(name)).toBe(rules[decides ?? -1]?.negated === false);
      }),
      { numRuns: 5000 },
    );
  });

  test('what is taken back below an excluded directory is found by entering where couldReinclude says', () => {
    fc.assert(
      fc.property(fc.array(pattern, { maxLength: 5 }), path, (patterns, name) => {
        const matcher = makeMatcher(rulesOf(patterns));
        if (matcher.excludes(name)) return;
        const parts = name.split('/');
        for (let i = 1; i < parts.length; i++) {
          const dir = parts.slice(0, i).join('/');
          if (matcher.excludes(dir)) expect(matcher.couldReinclude(dir)).toBe(true);
        }
      }),
      { numRuns: 3000 },
    );
  });

  test('what an include matches is found by entering where couldMatchBelow says', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          pattern.filter((text) => !text.startsWith('!')),
          fc.constantFrom('a[^x]*', '*\\bb*', '\\w*\\z', 'a*/\\Bb', 'a[/b]?*', '^a/*'),
        ),
        path,
        (include, name) => {
          const matcher = makeMatcher(rulesOf([include]));
          if (!matcher.excludes(name)) return;
          const parts = name.split('/');
          for (let i = 1; i < parts.length; i++) {
            const dir = parts.slice(0, i).join('/');
            if (!matcher.excludes(dir)) expect(matcher.couldMatchBelow(dir)).toBe(true);
          }
        },
      ),
    );
  });
});

/** Which rule decides, with nothing remembered and nothing left out. */
function walkedTo(name: string, rules: readonly IgnoreRule[], entersByName: boolean): number | undefined {
  const literal = rules
    .filter((rule) => rule.negated)
    .map((rule) => `${rule.pattern.replace(/\/\*\*$/, '').replace(/\/\*$/, '')}/`);
  const isPruned = entersByName && !literal.some((prefix) => /[*?]/.test(prefix));
  let above = rules.map(() => false);
  let decides: number | undefined;
  for (const path of prefixesOf(name)) {
    let matched = false;
    const here = rules.map(() => false);
    decides = undefined;
    for (const [i, rule] of rules.entries()) {
      if (above[i] === true) here[i] = true;
      else if (rule.negated === matched) here[i] = toRegExp(rule.pattern).test(path);
      if (here[i] !== true) continue;
      matched = !rule.negated;
      decides = i;
    }
    if (matched && isPruned && !literal.some((prefix) => prefix.startsWith(`${path}/`))) return decides;
    above = here;
  }
  return decides;
}

function prefixesOf(name: string): string[] {
  const parts = name.split('/');
  return parts.map((_, i) => parts.slice(0, i + 1).join('/'));
}

/** As moby/patternmatcher documents its patterns; nested quantifiers make it slow, never wrong. */
function toRegExp(text: string): RegExp {
  if (/^\*\*[^*?/][^*?]*$/.test(text)) return new RegExp(`${text.slice(2).replaceAll('.', '\\.')}$`, 's');
  const source = text.replace(/\*\*\/?$|\*\*\/?|[*?.]/g, (token, at: number) => {
    if (token === '*') return '[^/]*';
    if (token === '?') return '[^/]';
    if (token === '.') return '\\.';
    return at + token.length === text.length ? '.*' : '(.*/)?';
  });
  return new RegExp(`^${source}$`, 's');
}
