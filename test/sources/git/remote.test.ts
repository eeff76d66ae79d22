import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AuthHeader, remoteOf, shownRemote } from '../../../src/sources/git/remote.ts';

const nobody: AuthHeader = () => Promise.resolve(undefined);
const secretOf: AuthHeader = (host) => Promise.resolve(`Basic for-${host}`);

describe('user and password of an http URL', () => {
  test('become a header for that host; git and messages never see them', async () => {
    const url = 'https://me:p%40ss@example.org/a.git';
    expect(await remoteOf({ url }, secretOf)).toEqual({
      url: 'https://example.org/a.git',
      auth: {
        url: 'https://example.org/a.git',
        header: `Basic ${Buffer.from('me:p@ss').toString('base64')}`,
      },
    });
    expect(shownRemote(url)).toBe('https://example.org/a.git');
  });

  test('what is not encoded as it should be counts as it is', async () => {
    const { auth } = await remoteOf({ url: 'https://me:100%zz@example.org/a.git' }, nobody);
    expect(auth?.header).toBe(`Basic ${Buffer.from('me:100%zz').toString('base64')}`);
  });

  test('a secret counts when the URL names nobody', async () => {
    const remote = await remoteOf({ url: 'https://example.org:8443/a.git' }, secretOf);
    expect(remote.auth?.header).toBe('Basic for-example.org:8443');
    expect((await remoteOf({ url: 'https://example.org/a.git' }, nobody)).auth).toBeUndefined();
  });

  test('whatever they are, nothing but the header holds them', async () => {
    const password = fc.string({ minLength: 8, maxLength: 40 }).filter((text) => /[^\s/]{8}/.test(text));
    await fc.assert(
      fc.asyncProperty(password, async (text) => {
        const url = `https://user:${encodeURIComponent(text)}@example.org/a.git?x#y`;
        const remote = await remoteOf({ url }, nobody).catch((error: unknown) => ({ url: String(error) }));
        expect(remote.url).not.toContain(encodeURIComponent(text));
        expect(shownRemote(url)).toBe('https://example.org/a.git');
      }),
    );
  });
});

test.each(['ssh://git@example.org/a', 'git@example.org:o/a.git', 'git://example.org/a'])(
  '%s is as written',
  async (url) => {
    expect(await remoteOf({ url }, secretOf)).toEqual({ url, auth: undefined });
  },
);

test.each([
  '--upload-pack=touch /tmp/x',
  '-oProxyCommand=x:y',
  'ssh://-oProxyCommand=x/a',
  'ssh://git@-oProxyCommand=x/a',
  'git@-oProxyCommand=x:a',
  'https://example.org/a\n.git',
  'https://[/a.git',
])('%j is refused', async (url) => {
  await expect(remoteOf({ url }, nobody)).rejects.toMatchObject({ code: 'git-failed' });
});

test('a secret with line breaks cannot add headers', async () => {
  const failed = remoteOf({ url: 'https://h/a.git' }, () => Promise.resolve('x\r\nX-Other: top'));
  await expect(failed).rejects.toMatchObject({ message: expect.not.stringContaining('top') });
});

test.each([
  '-x',
  '--upload-pack=x',
  'a b',
  'a..b',
  'a:b',
  'a*',
  'a?',
  'a[',
  'a~1',
  'a^',
  'a@{1}',
  '/a',
  'a/',
  'a//b',
  'a.lock',
  'a.',
  'a\u0000',
  'x'.repeat(1025),
])('the ref %j is refused', async (ref) => {
  await expect(remoteOf({ url: 'https://h/a.git', ref }, nobody)).rejects.toMatchObject({
    message: expect.stringContaining('cannot be the name of a git ref'),
  });
});

test.each(['main', 'refs/tags/v1.0', 'feature/ä', 'HEAD', 'v1+2'])('the ref %j is taken', async (ref) => {
  await expect(remoteOf({ url: 'https://h/a.git', ref }, nobody)).resolves.toMatchObject({ auth: undefined });
});
