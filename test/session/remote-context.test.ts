import { describe, expect, test } from 'vitest';
import { gitRequest, mainGitRequest, remoteKind } from '../../src/session/remote-context.ts';

const deps = { isDated: false };

describe('the .git of a context', () => {
  const main = (context: string, value?: string) =>
    mainGitRequest(
      { context, cwd: '/', buildArgs: new Map(value === undefined ? [] : [['BUILDKIT_CONTEXT_KEEP_GIT_DIR', value]]) },
      deps,
    )?.keepGitDir;

  test.each([
    ['', undefined, false],
    ['', '1', true],
    ['', 'T', true],
    ['', '0', false],
    ['', 'yes', false],
    ['?keep-git-dir=true', '0', true],
    ['?keep-git-dir=false', '1', true],
  ])('of the main one: %s with BUILDKIT_CONTEXT_KEEP_GIT_DIR=%s: %s', (query, value, isKept) => {
    expect(main(`https://example.org/a.git${query}`, value)).toBe(isKept);
    expect(main('dir', value)).toBeUndefined();
  });

  test('of a named one: as its URL says', () => {
    expect(gitRequest('https://example.org/a.git', deps)?.keepGitDir).toBe(false);
    expect(gitRequest('https://example.org/a.git?keep-git-dir=1', deps)?.keepGitDir).toBe(true);
  });
});

test.each([
  ['https://example.org/a.git', 'git'],
  ['https://example.org/a.git/', 'http'],
  ['https://example.org/a.tar', 'http'],
  ['github.com/o/r', 'git'],
  ['dir', undefined],
])('%s is %s', (text, kind) => {
  expect(remoteKind(text)).toBe(kind);
});
