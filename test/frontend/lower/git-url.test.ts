import { describe, expect, test } from 'vitest';
import { parseGitUrl } from '../../../src/frontend/lower/git-url.ts';

describe('parseGitUrl', () => {
  test.each([
    ['https://example.org/a/b.git', { url: 'https://example.org/a/b.git' }],
    ['https://example.org/a/b.git#v1:sub/dir', { url: 'https://example.org/a/b.git', ref: 'v1', subdir: 'sub/dir' }],
    ['https://example.org/b.git#:sub', { url: 'https://example.org/b.git', subdir: 'sub' }],
    ['git://example.org/b', { url: 'git://example.org/b' }],
    ['ssh://git@example.org/b', { url: 'ssh://git@example.org/b' }],
    ['git@example.org:o/b.git#main', { url: 'git@example.org:o/b.git', ref: 'main' }],
    ['https://example.org/b.git?ref=v1', { url: 'https://example.org/b.git', ref: 'v1' }],
    ['https://example.org/b.git?tag=v1', { url: 'https://example.org/b.git', ref: 'refs/tags/v1' }],
    [
      'https://example.org/b.git?branch=x&subdir=y',
      { url: 'https://example.org/b.git', ref: 'refs/heads/x', subdir: 'y' },
    ],
    ['https://example.org/b.git?checksum=abc', { url: 'https://example.org/b.git', checksum: 'abc' }],
    [
      'https://example.org/b.git?commit=abc&keep-git-dir=true',
      { url: 'https://example.org/b.git', checksum: 'abc', keepGitDir: true },
    ],
    ['https://example.org/b.git?keep-git-dir=false', { url: 'https://example.org/b.git', keepGitDir: false }],
    ['https://example.org/b.git?mtime=commit', { url: 'https://example.org/b.git', mtime: 'commit' }],
    [
      'https://example.org/b.git?commit=abc&fetch-by-commit=true',
      { url: 'https://example.org/b.git', checksum: 'abc', fetchByCommit: true },
    ],
    ['https://example.org/b.git?branch=refs/heads/x', { url: 'https://example.org/b.git', ref: 'refs/heads/x' }],
    ['https://example.org/b.git?tag=refs/tags/v', { url: 'https://example.org/b.git', ref: 'refs/tags/v' }],
    ['https://example.org/b.git?ref=refs/heads/x&branch=x', { url: 'https://example.org/b.git', ref: 'refs/heads/x' }],
    ['https://example.org/b.git?checksum=a&commit=a', { url: 'https://example.org/b.git', checksum: 'a' }],
    ['https://example.org/b.git?ref=a&subdir=s#a:s', { url: 'https://example.org/b.git', ref: 'a', subdir: 's' }],
    ['https://example.org/b.git?', { url: 'https://example.org/b.git' }],
    ['https://example.org/b.git?submodules=F', { url: 'https://example.org/b.git', submodules: false }],
    ['https://example.org/b.git?submodules', { url: 'https://example.org/b.git', submodules: true }],
    ['https://example.org/b.git?keep-git-dir=', { url: 'https://example.org/b.git', keepGitDir: true }],
    ['https://example.org/b.git?keep-git-dir=T', { url: 'https://example.org/b.git', keepGitDir: true }],
  ])('%s', (text, source) => {
    expect(parseGitUrl(text)).toEqual(source);
  });

  test.each([
    'a.txt',
    'dir/b.git',
    'https://example.org/file',
    'https://example.org/b.git/',
    'https://example.org/b.git/x',
    'github.com/o/r',
    'a@b',
  ])('%s is none', (text) => {
    expect(parseGitUrl(text)).toBeUndefined();
  });

  test.each([
    ['https://example.org/b.git?what=1', 'unexpected query key "what"'],
    ['https://example.org/b.git?__proto__=1', 'unexpected query key "__proto__"'],
    ['https://example.org/b.git?ref=a&branch=b', 'ref conflicts: "a" vs "refs/heads/b"'],
    ['https://example.org/b.git?ref=a#b', 'ref conflicts: "b" vs "a"'],
    ['https://example.org/b.git?subdir=a#:b', 'subdir conflicts: "b" vs "a"'],
    ['https://example.org/b.git?commit=a&checksum=b', 'checksum conflicts: "a" vs "b"'],
    ['https://example.org/b.git?tag=a&branch=a', 'branch conflicts with tag'],
    ['https://example.org/b.git?ref=a&ref=a', 'query "ref" has multiple values'],
    ['https://example.org/b.git?ref', 'query "ref" has no value'],
    ['https://example.org/b.git?mtime=', 'query "mtime" has no value'],
    ['https://example.org/b.git?submodules=foo', 'invalid submodules value: "foo"'],
    ['https://example.org/b.git?keep-git-dir=yes', 'invalid keep-git-dir value: "yes"'],
    ['https://example.org/b.git?mtime=now', 'invalid mtime value: "now"'],
    ['https://example.org/b.git?fetch-by-commit=true', 'fetch-by-commit without a commit'],
    ['https://me:secret@example.org/b.git?what=1', 'invalid git URL https://example.org/b.git?what=1'],
    ['https://me:se@cret@example.org/b.git?what=1', 'invalid git URL https://example.org/b.git?what=1'],
  ])('%s is refused', (text, message) => {
    expect(() => parseGitUrl(text)).toThrow(message);
  });
});
