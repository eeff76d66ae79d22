import { expect, test } from 'vitest';
import { pathBelow } from '../../src/util/path-below.ts';

test.each([
  ['/work', '/work/out/app.tar', 'out/app.tar'],
  ['/work', '/work/..app.tar', '..app.tar'],
  ['/work', '/work', undefined],
  ['/work', '/', undefined],
  ['/work', '/workshop/app.tar', undefined],
  ['/', '/app.tar', 'app.tar'],
])('from %s on, %s is %s', (dir, path, below) => {
  expect(pathBelow(dir, path)).toBe(below);
});
