import fc from 'fast-check';
import { expect, test } from 'vitest';
import { withoutUser } from '../../src/util/without-user.ts';

test.each([
  ['https://me:secret@example.org/a.git', 'https://example.org/a.git'],
  ['https://me:se@cret@example.org/a.git', 'https://example.org/a.git'],
  ['HTTPS://me@example.org:8443?x=a@b', 'HTTPS://example.org:8443?x=a@b'],
  ['git+ssh://me@example.org/a', 'git+ssh://example.org/a'],
  ['https://example.org/@scope/a', 'https://example.org/@scope/a'],
  ['https://example.org#a@b', 'https://example.org#a@b'],
  ['git@example.org:o/a.git', 'git@example.org:o/a.git'],
  ['./dir@2', './dir@2'],
])('%s is shown as %s', (url, shown) => {
  expect(withoutUser(url)).toBe(shown);
});

test('nothing of what a URL parser takes for user or password stays', () => {
  const text = fc.string({ minLength: 8, maxLength: 20 });
  fc.assert(
    fc.property(text, text, (user, password) => {
      const url = `https://${user}:${password}@host.example/path`;
      fc.pre(URL.canParse(url) && new URL(url).host === 'host.example');
      expect(withoutUser(url.replace(/[\t\n\r]/g, ''))).toBe('https://host.example/path');
    }),
  );
});
