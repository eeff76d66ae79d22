import { expect, test } from 'vitest';
import { fileNameOf } from '../../src/util/url-name.ts';

test.each([
  ['http://h/a/b.tar.gz', 'b.tar.gz'],
  ['http://h/a/dir/', 'dir'],
  ['http://h', '__unnamed__'],
  ['http://h/?x=/y', '__unnamed__'],
  ['http://h/%C3%BC%20x', 'ü x'],
  ['http://h/a/%2e%2e%2fpasswd', 'passwd'],
  ['http://h/a%2Fb', 'b'],
  ['http://h/a/b%2f', 'b'],
  ['http://h/a/..%2f', '__unnamed__'],
  ['http://h/a/b%00', '__unnamed__'],
  ['http://h/a/100%', '100%'],
  [`http://h/${'x'.repeat(256)}`, '__unnamed__'],
])('%s is named %s', (url, name) => {
  expect(fileNameOf(url)).toBe(name);
});
