import { expect, test } from 'vitest';
import { parseChmod } from '../../../src/ops/copy/index.ts';

const octal = (mode: number) => mode.toString(8);

test.each([
  ['755', 0o644, 0o755],
  ['0600', 0o4755, 0o600],
  ['4755', 0o644, 0o4755],
  ['07777', 0, 0o7777],
  ['0', 0o644, 0],
  ['+x', 0o644, 0o755],
  ['a-w', 0o644, 0o444],
  ['u+s,g+s', 0o644, 0o6644],
  ['g=u', 0o644, 0o664],
  ['o=', 0o644, 0o640],
  ['ug+rw,o-rwx', 0o644, 0o660],
  ['+t', 0o644, 0o1644],
  ['u=rwX,go=rX', 0o640, 0o644],
  ['u=rwX,go=rX', 0o700, 0o755],
  ['u=rw,u+x', 0o4000, 0o700],
  ['a=r', 0o777, 0o444],
  ['go-rwx', 0o6755, 0o6700],
  ['u+x-w', 0o644, 0o544],
  ['o+t', 0o644, 0o644],
  ['g=u', 0o2754, 0o2774],
  ['u=g', 0o4754, 0o4554],
  ['a=u', 0o4754, 0o4777],
  ['=u', 0o7754, 0o7777],
  ['go=u-w', 0o6770, 0o6755],
  ['g=o', 0o2754, 0o2744],
  ['g=', 0o2754, 0o704],
  ['u+go', 0o021, 0o321],
  ['u=g-w', 0o772, 0o572],
  ['g=ur', 0o2750, 0o740],
  ['g=ru', 0o2750, 0o770],
  ['-X', 0o777, 0o777],
  ['u-Xw', 0o755, 0o555],
  ['+rt', 0o600, 0o1600],
  ['=rwt', 0o750, 0o1750],
  ['a+rt', 0o600, 0o1644],
  ['o+r,g+w,a+t,g-s,u+og', 0o2100, 0o1724],
])('%s of a file', (text, before, after) => {
  expect(octal(parseChmod(text).apply(before, false))).toBe(octal(after));
});

test('X of a directory is x', () => {
  expect(octal(parseChmod('a+X').apply(0o600, true))).toBe('711');
});

test('created parents have the permissions of an octal mode, without its special bits', () => {
  expect(parseChmod('2750').parentMode).toBe(0o750);
  expect(parseChmod('u=rwx').parentMode).toBe(0o755);
});

test.each(['64a', '10000', '', 'u', 'u+z', 'z+x', '+x,', '8', '-1'])('%s is refused', (text) => {
  expect(() => parseChmod(text)).toThrow(
    expect.objectContaining({ code: 'flag-invalid', message: expect.stringContaining(`'${text}'`) }),
  );
});
