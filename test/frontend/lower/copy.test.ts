import { describe, expect, test } from 'vitest';
import { destination } from '../../../src/frontend/lower/copy.ts';
import { lowerError, lowerText, ops, own, vertexOf } from './rig.ts';

const DIGEST = `sha256:${'ab'.repeat(32)}`;
const PLAIN = { link: false, parents: false, excludes: [], unpack: false };

test.each([
  ['/w', 'a', '/w/a'],
  ['/w', 'a/', '/w/a/'],
  ['/w', '.', '/w/'],
  ['/w', '', '/w/'],
  ['/w', './', '/w/'],
  ['/w', 'x/.', '/w/x/'],
  ['/w', '..', '/'],
  ['/w', '../../x', '/x'],
  ['/w', '/a//b/', '/a/b/'],
  ['', 'a', '/a'],
  ['', '.', '/'],
  ['/w', '/', '/'],
])('in %s, %j is %s', (workdir, dest, path) => {
  expect(destination(workdir, dest)).toBe(path);
});

describe('COPY and ADD', () => {
  test.each<[string, object, string]>([
    ['COPY a b /d/', { ...PLAIN, instruction: 'COPY', sources: [path('a'), path('b')], dest: '/d/' }, 'COPY a b /d/'],
    [
      'COPY --chown=u:g --chmod=0755 --link a .',
      { ...PLAIN, chown: 'u:g', chmod: '0755', link: true, dest: '/' },
      'COPY --chown=u:g --chmod=0755 a .',
    ],
    [
      'COPY --link=false --parents a/./b /x/',
      { ...PLAIN, parents: true, sources: [path('a/./b')] },
      'COPY --parents a/./b /x/',
    ],
    ['COPY --exclude=*.c --exclude=!k.c . /x', { ...PLAIN, excludes: ['*.c', '!k.c'] }, 'COPY . /x'],
    ['COPY ["with space", "/a b/"]', { sources: [path('with space')], dest: '/a b/' }, 'COPY with space /a b/'],
    ['COPY --chmod=u=rwX,go=rX a /', { chmod: 'u=rwX,go=rX' }, 'COPY --chmod=u=rwX,go=rX a /'],
    ['COPY --chmod=g=ur,o=ug a /', { chmod: 'g=ur,o=ug' }, 'COPY --chmod=g=ur,o=ug a /'],
    ['COPY --chmod=+x a /', { chmod: '+x' }, 'COPY --chmod=+x a /'],
    [
      'ARG M=6\nCOPY --chown=$M --chmod=0${M}00 $M.txt /$M',
      { chown: '6', chmod: '0600', dest: '/6', sources: [path('6.txt')] },
      'COPY --chown=6 --chmod=0600 6.txt /6',
    ],
    ['COPY --chown=$NOPE a /', { chown: undefined }, 'COPY a /'],
    ['ADD a.tar /x', { ...PLAIN, instruction: 'ADD', unpack: 'auto' }, 'ADD a.tar /x'],
    ['ADD --unpack=false a.tar /x', { unpack: false }, 'ADD a.tar /x'],
    ['ADD --unpack a.tar /x', { unpack: true }, 'ADD a.tar /x'],
    ['WORKDIR /w\nCOPY a sub/', { dest: '/w/sub/' }, 'COPY a sub/'],
  ])('%s', async (text, expected, entry) => {
    const lowered = await lowerText(`FROM base\n${text}\n`);
    expect(ops(lowered, 'copy')[0]).toMatchObject(expected);
    expect(own(lowered).at(-1)).toBe(`L ${entry} # buildkit`);
  });

  test('all sources of the context share one input', async () => {
    const lowered = await lowerText('FROM base\nCOPY a b c /d/\nCOPY e /\n');
    expect(lowered.definition.vertices.filter(({ op }) => op.kind === 'context')).toHaveLength(1);
    expect(vertexOf(lowered, 'COPY a b c /d/').inputs).toHaveLength(2);
  });

  test('heredocs are files, expanded unless quoted, and stand last', async () => {
    const lowered = await lowerText('FROM base\nARG N=w\nCOPY <<EOF b <<"raw" /d/\n"$N" \\$N\nEOF\n$N\nraw\n');
    expect(ops(lowered, 'copy')[0]!.sources).toEqual([
      path('b'),
      { kind: 'inline', name: 'EOF', content: '"w" $N\n' },
      { kind: 'inline', name: 'raw', content: '$N\n' },
    ]);
    expect(own(lowered).at(-1)).toBe('L COPY b <<EOF <<raw /d/ # buildkit');
    expect(vertexOf(lowered, '/d/').origin.buildArgs).toEqual({ N: 'w' });
  });

  test('a quoted heredoc that is no UTF-8 stands as its bytes', async () => {
    const lowered = await lowerText(Buffer.from("FROM base\nCOPY <<'E' /f\n\xff\nE\n", 'latin1'));
    expect(ops(lowered, 'copy')[0]!.sources).toEqual([
      { kind: 'inline', name: 'E', content: '\xff\n', encoding: 'latin1' },
    ]);
  });

  test('a COPY of heredocs only reads no context', async () => {
    expect(ops(await lowerText('FROM base\nCOPY <<EOF /f\nx\nEOF\n'), 'context')).toEqual([]);
  });
});

describe('ADD of what is fetched', () => {
  test.each([
    ['http://h/dir/name.bin?x=y', 'name.bin'],
    ['https://h/', '__unnamed__'],
    ['https://h', '__unnamed__'],
    ['https://h/a%20b', 'a b'],
    ['https://h/%zz', '%zz'],
    ['https://h/%2e%2e%2fx', 'x'],
    ['http://:bad', '__unnamed__'],
  ])('%s is the file %s', async (url, name) => {
    const lowered = await lowerText(`FROM base\nADD ${url} /d/\n`);
    expect(ops(lowered, 'http')).toEqual([{ kind: 'http', url, checksum: undefined }]);
    expect(ops(lowered, 'copy')[0]!.sources).toEqual([path(name)]);
  });

  test('a checksum is given on; names of users are not shown', async () => {
    const lowered = await lowerText(`FROM base\nARG D=${DIGEST}\nADD --checksum=$D https://u:p@h/f /d/\n`);
    expect(ops(lowered, 'http')[0]!.checksum).toBe(DIGEST);
    expect(lowered.definition.vertices.map(({ origin }) => origin.name)).toContain('[internal] fetch https://h/f');
  });

  test('git', async () => {
    const lowered = await lowerText(
      'FROM base\nADD --keep-git-dir --checksum=abc https://h/r.git#v1:sub a /d/\n',
    ).catch((error: unknown) => error);
    expect(lowered).toMatchObject({ message: "checksum can't be specified for multiple sources" });
    const one = await lowerText('FROM base\nADD --keep-git-dir --checksum=abc https://h/r.git#v1:sub /d/\n');
    expect(ops(one, 'git')).toEqual([
      { kind: 'git', url: 'https://h/r.git', ref: 'v1', subdir: 'sub', checksum: 'abc', keepGitDir: true },
    ]);
    expect(ops(one, 'copy')[0]!.sources).toEqual([path('/')]);
  });
});

describe('errors', () => {
  test.each<[string, string, number]>([
    ['COPY --chmod=64a a /', "invalid chmod parameter: '64a'. it should be octal string and between 0 and 07777", 6],
    ['COPY --chmod=77777 a /', "invalid chmod parameter: '77777'", 6],
    ['COPY --chmod=u+q a /', "invalid chmod parameter: 'u+q'", 6],
    ['COPY http://h/f /', "source can't be a URL for COPY", 1],
    ['COPY https://h/r.git /', "source can't be a git ref for COPY", 1],
    [`ADD --checksum=${DIGEST} a.txt /`, 'checksum requires HTTP(S) or Git sources', 5],
    [`ADD --checksum=${DIGEST} http://h/a http://h/b /`, "checksum can't be specified for multiple sources", 5],
    ['ADD --checksum=nonsense http://h/f /', 'invalid checksum digest format: nonsense', 1],
    ['ADD --keep-git-dir=true https://h/r.git?keep-git-dir=false /', 'inconsistent keep-git-dir configuration', 1],
    ['ADD --checksum=abc https://h/r.git?checksum=def /', 'checksum mismatch', 1],
    ['ADD https://h/r.git?what=1 /', 'unexpected query key "what"', 1],
  ])('%s', async (text, message, column) => {
    const error = await lowerError(`FROM base\n${text}\n`);
    expect(error.message).toContain(message);
    expect(error).toMatchObject({ code: 'copy-invalid', range: { startLine: 2, startColumn: column } });
  });
});

function path(text: string) {
  return { kind: 'path', input: 1, path: text };
}
