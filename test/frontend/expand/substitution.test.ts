import { describe, expect, test } from 'vitest';
import { BuildError } from '../../../src/errors.ts';
import { type ExpandOptions, expandRaw, expandWord, expandWords } from '../../../src/frontend/expand/index.ts';

const ENV: { readonly [name: string]: string } = { PWD: '/home', SHELL: 'bash', KOREAN: '한국어', NULL: '' };

function options(env: { readonly [name: string]: string } = ENV, escapeToken: '\\' | '`' = '\\'): ExpandOptions {
  return { env: (name) => env[name], escape: escapeToken };
}

function reason(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof BuildError && error.code === 'expansion-failed') return error.message;
    throw error;
  }
  throw new Error('expected an error');
}

/** After BuildKit's envVarTest: the word, and what it becomes. */
const WORDS: readonly (readonly [word: string, result: string])[] = [
  ['hello', 'hello'],
  ["he'll'o", 'hello'],
  [String.raw`he\'llo`, "he'llo"],
  [String.raw`abc\tdef`, 'abctdef'],
  [String.raw`"abc\tdef"`, String.raw`abc\tdef`],
  [String.raw`"abc\\tdef"`, String.raw`abc\tdef`],
  [String.raw`'abc\tdef'`, String.raw`abc\tdef`],
  ['hello\\', 'hello'],
  ['hello\\\\', 'hello\\'],
  [`"hel'lo"`, "hel'lo"],
  [String.raw`'hello\'`, 'hello\\'],
  [String.raw`'hello\\there'`, String.raw`hello\\there`],
  [`"''"`, "''"],
  ['$.', '$.'],
  ['$1', ''],
  ['he$1x', 'hex'],
  ['he$.x', 'he$.x'],
  ['he$pwd.', 'he.'],
  ['he$PWD', 'he/home'],
  [String.raw`he\$PWD`, 'he$PWD'],
  [String.raw`he\\$PWD`, 'he\\/home'],
  [String.raw`"he\$PWD"`, 'he$PWD'],
  [String.raw`"he\\$PWD"`, 'he\\/home'],
  [String.raw`\${}aaa`, '${}aaa'],
  ['he${hi}xx', 'hexx'],
  ['he${PWD}', 'he/home'],
  ['he${XXX:-000}xx', 'he000xx'],
  ['he${PWD:-000}xx', 'he/homexx'],
  ['he${XXX:-$PWD}xx', 'he/homexx'],
  ['he${XXX:-${PWD:-yyy}}xx', 'he/homexx'],
  ['he${XXX:-${YYY:-yyy}}xx', 'heyyyxx'],
  ['he${XXX:+${PWD}}xx', 'hexx'],
  ['he${PWD:+${SHELL}}xx', 'hebashxx'],
  ['he${PWD:+000}xx', 'he000xx'],
  ["'he${XX}'", 'he${XX}'],
  [`"he'$PWD'"`, "he'/home'"],
  [String.raw`'\$PWD'`, String.raw`\$PWD`],
  [`'"hello"'`, '"hello"'],
  ['he${PWD:+${PWD}:}xx', 'he/home:xx'],
  ['he${XXX:-\\$PWD:}xx', 'he$PWD:xx'],
  ['he${XXX:-\\${PWD}z}xx', 'he${PWDz}xx'],
  ["안'녕'하세요", '안녕하세요'],
  ['안녕$KOREAN', '안녕한국어'],
  ['안녕$1x', '안녕x'],
  ['${aaa}}', '}'],
  ['${aaa:-bbb}}', 'bbb}'],
  ['${aaa:-bbb {foo}', 'bbb {foo'],
  ['${NULL-x}${NULL:-y}', 'y'],
  ['${NULL+x}${NULL:+y}', 'x'],
  ['a$b$@c$#d$?e$*f$!g$-h$%i$.j$=k$', 'acdefgh$%i$.j$=k$'],
  ['$$', ''],
  ['${PWD:?must}${NULL?must}', '/home'],
];

const REFUSED: readonly (readonly [word: string, why: string])[] = [
  ["he'llo", 'single-quote'],
  [String.raw`he\\'llo`, 'single-quote'],
  ['"hello', 'double-quote'],
  ['"hello\\"', 'double-quote'],
  ['${}', 'bad substitution'],
  ['he${}xx', 'bad substitution'],
  ['${{aaa}', 'bad substitution'],
  ['${:-bbb}', 'bad substitution'],
  ['he${.}', 'unsupported modifier (.)'],
  ['he${XXX:YYY}', 'unsupported modifier (:Y)'],
  ['he${PWD:=000}xx', 'unsupported modifier (:=)'],
  ['${PWD=000}', 'unsupported modifier (=)'],
  ['${PWD:#/}', 'unsupported modifier (:#)'],
  ['${PWD:%/}', 'unsupported modifier (:%)'],
  ['he${PWD', "missing '}'"],
  ['${', "missing '}'"],
  ['${aaa:-bbb ${foo}', "missing '}'"],
  ['${PWD/a}', "missing '/' in ${}"],
  ['${XXX?}', 'XXX: is not allowed to be unset'],
  ['${NULL:?}', 'NULL: is not allowed to be empty'],
  ['${XXX:?message here$PWD}', 'XXX: message here/home'],
  ['${PWD#a\\x}', String.raw`invalid escape '\x'`],
];

describe('A7.3 to A7.7 one word', () => {
  test.each(WORDS)('%s', (word, result) => expect(expandWord(word, options())).toBe(result));
  test.each(REFUSED)('%s is refused', (word, why) => {
    const message = reason(() => expandWord(word, options()));
    expect(message).toContain(why);
    expect(message).toMatch(/^failed to process "/);
  });

  test('the escape character of the file', () => {
    expect(expandWord('C:\\a`$b"x`"y"', options({}, '`'))).toBe('C:\\a$bx"y');
    expect(expandWord('C:\\$PWD', options(ENV, '`'))).toBe('C:\\/home');
  });

  test('A7.6 what is looked up and not set is told, also behind a default', () => {
    const unset: string[] = [];
    expandWord('$A ${B:-x} ${PWD} ${C+y}', { ...options(), onUnset: (name) => unset.push(name) });
    expect(unset).toEqual(['A', 'B', 'C']);
  });
});

/** After BuildKit's TestProcessWithMatches. */
const PATTERNS: readonly (readonly [word: string, env: { readonly [name: string]: string }, result: string])[] = [
  ['${FOO#()[]{\\}^$.\\*\\?|\\\\}', { FOO: '()[]{}^$.*?|\\x' }, 'x'],
  ['${FOO%%\\**}', { FOO: 'xx**' }, 'xx'],
  ['${FOO#*x*y}', { FOO: 'xxyy' }, 'y'],
  ['${FOO##*x*y}', { FOO: 'xxyy' }, ''],
  ['${FOO#*}', { FOO: 'xxyy' }, 'xxyy'],
  ['${FOO##*}', { FOO: 'xxyy' }, ''],
  ['${FOO#$BAR}', { FOO: 'xxyy', BAR: 'x' }, 'xyy'],
  ['${FOO#$BAR}', { FOO: 'xxyy', BAR: '' }, 'xxyy'],
  ['${FOO#}${FOO##}${FOO%}', { FOO: 'xy' }, 'xyxyxy'],
  ['${FOO##*x}', { FOO: 'xxyy' }, 'yy'],
  ['${FOO#?\\?}', { FOO: '???y' }, '?y'],
  ['${ABC:-.}${FOO%x}${ABC:-.}', { FOO: 'xxyy' }, '.xxyy.'],
  ['${FOO%%\\**\\*}', { FOO: 'a***yy*' }, 'a'],
  ['${FOO/$NEEDLE/.} - ${FOO//$NEEDLE/.}', { FOO: '/foo*/*/*.txt', NEEDLE: '\\*/' }, '/foo.*/*.txt - /foo..*.txt'],
  ['${FOO/$NEEDLE/} - ${FOO//$NEEDLE/}', { FOO: '/tmp/tmp/bar.txt', NEEDLE: '/tmp' }, '/tmp/bar.txt - /bar.txt'],
  ['${FOO/$N/$R} - ${FOO//$N/$R}', { FOO: '/a/foo/b/c.txt', N: '/?/', R: '/' }, '/foo/b/c.txt - /foo/c.txt'],
  // The replacement of `//` is a template of Go's regexp, that of `/` is not.
  ['${FOO//b/[$R]}', { FOO: 'abcb', R: '$0' }, 'a[b]c[b]'],
  ['${FOO//?/$R}', { FOO: 'ab', R: '${0}-' }, 'a-b-'],
  ["${FOO//b/'$1$name${10}$00|$$|$-|${0|$'}", { FOO: 'abc' }, 'a|$|$-|${0|$c'],
  ["${FOO//b/'$0x $é'}", { FOO: 'abc' }, 'a c'],
  ['${FOO/b/$R}', { FOO: 'abcb', R: '$0$$' }, 'a$0$$cb'],
  ['${FOO/$N/$R}', { FOO: 'http://google.de', N: 'http://', R: 'https://' }, 'https://google.de'],
  ['${FOO//\\//\\/}', { FOO: '/tmp/foo.txt' }, String.raw`\/tmp\/foo.txt`],
  ['${FOO/$BAR/ww}', { FOO: 'xxyy', BAR: '' }, 'wwxxyy'],
  ['${FOO//$BAR/-}', { FOO: 'xy', BAR: '' }, '-x-y-'],
  ['${FOO///}', { FOO: 'xxyy' }, 'xxyy'],
  ['${FOO//x*/-}', { FOO: 'axbx\ncxd' }, 'a-\nc-'],
  ['${FOO/a?c/X}', { FOO: 'a\nc abc' }, 'a\nc X'],
  ['${P%b*b} ${P%%a*b} ${P#a*b} ${P##a*b}', { P: 'aabbaabb' }, 'aabbaa  baabb '],
  ['${F%.*} ${F%%.*} ${F##*/}', { F: '/usr/archive.tar.gz' }, '/usr/archive.tar /usr/archive archive.tar.gz'],
  ['${F%??}', { F: 'x👽🚀' }, 'x'],
  // BuildKit reads the pattern of a suffix from its end: a backslash there stands before the character in front of it.
  ['${F%$N}|${F%%$N}', { F: 'a/b*', N: '*\\' }, 'a/b|a/b'],
  ['${F%b$N}', { F: 'a/b', N: '?\\' }, 'a/b'],
];

describe('A7.3 patterns', () => {
  test.each(PATTERNS)('%s of %o', (word, env, result) => expect(expandWord(word, options(env))).toBe(result));

  test('many stars do not backtrack', () => {
    const word = `\${A#${'*a'.repeat(40)}b}`;
    expect(expandWord(word, options({ A: 'a'.repeat(5000) }))).toHaveLength(5000);
  });

  test('work without end is refused', () => {
    const env = { A: 'a'.repeat(100_000), B: 'a?'.repeat(1000) };
    expect(reason(() => expandWord('${A/$B/}', options(env)))).toContain('too long');
  });
});

/** After BuildKit's wordsTest. */
const SPLIT: readonly (readonly [text: string, words: readonly string[]])[] = [
  ['hello', ['hello']],
  ['hello${hi}bye', ['hellobye']],
  ['hello${hi:-x y}bye', ['hellox', 'ybye']],
  ['$SPACED', ['a', 'b']],
  ['"$SPACED" c', [' a  b ', 'c']],
  ['  x \t y ', ['x', 'y']],
  [String.raw`x\ y "a b" 'c d'e`, ['x y', 'a b', 'c de']],
  ['$NULL $NULL', []],
  ['"" x', ['x']],
  ['pre$SPACED', ['pre', 'a', 'b']],
];

test.each(SPLIT)('words of %s', (text, words) => {
  expect(expandWords(text, options({ ...ENV, SPACED: ' a  b ' }))).toEqual(words);
});

describe('A3.6 heredoc bodies', () => {
  test('quotes stay, escapes go', () => {
    const body = '$G, ${N}! "quoted" \'single\' \\$escaped \\\\\n';
    expect(expandRaw(body, options({ G: 'hello', N: 'world' }))).toBe(
      'hello, world! "quoted" \'single\' $escaped \\\n',
    );
    expect(expandRaw("it's ${N}", options({ N: '"' }))).toBe('it\'s "');
  });
});

describe('limits', () => {
  test('nesting', () => {
    const nested = (depth: number): string => `${'${a:-'.repeat(depth)}x${'}'.repeat(depth)}`;
    expect(expandWord(nested(100), options())).toBe('x');
    expect(reason(() => expandWord(nested(5000), options()))).toContain('nested too deeply');
  });

  test('growth', () => {
    const big = { A: 'x'.repeat(1024 * 1024) };
    expect(reason(() => expandWord('$A'.repeat(17), options(big)))).toContain('too long');
  });
});
