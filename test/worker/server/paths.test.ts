import { expect, test } from 'vitest';
import { lockedFlags } from '../../../src/worker/server/locked-flags.ts';
import { cleanTarget, isBelow, parentsFirst } from '../../../src/worker/server/paths.ts';

test('targets are clean, and parents come first', () => {
  expect(cleanTarget('/a//b/./../c/')).toBe('/a/c');
  expect(cleanTarget('/../..')).toBe('/');
  expect(isBelow('/a/b', '/a')).toBe(true);
  expect([isBelow('/ab', '/a'), isBelow('/a', '/a'), isBelow('/a', '/')]).toEqual([false, false, true]);
  const mounts = ['/x/y/z', '/b', '/x', '/a'].map((target) => ({ target }));
  expect(parentsFirst(mounts).map(({ target }) => target)).toEqual(['/b', '/x', '/a', '/x/y/z']);
});

test('the flags of the innermost mount that holds a path are locked', () => {
  const mountinfo = [
    '1 0 8:1 / / rw,relatime - ext4 /dev/a rw',
    '2 1 0:1 / /with\\040space rw,nosuid,nodev,noexec,relatime - tmpfs t rw',
    '3 1 0:1 / /home ro,nodev - tmpfs t rw',
  ].join('\n');
  expect(lockedFlags('/etc/ca', mountinfo)).toEqual(['relatime']);
  expect(lockedFlags('/with space/x', mountinfo)).toEqual(['nosuid', 'nodev', 'noexec', 'relatime']);
  expect(lockedFlags('/homes/x', mountinfo)).toEqual(['relatime']);
  expect(lockedFlags('/home', mountinfo)).toEqual(['ro', 'nodev']);
});
