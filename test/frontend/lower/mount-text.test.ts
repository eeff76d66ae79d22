import { describe, expect, test } from 'vitest';
import { expandMount, mountFrom, splitCsv } from '../../../src/frontend/lower/mount-text.ts';

test.each([
  ['a,b=c', ['a', 'b=c']],
  ['"a,b",c', ['a,b', 'c']],
  ['"a ""q""",', ['a "q"', '']],
  ['a"b,c', ['a"b', 'c']],
  ['"open,b', ['"open', 'b']],
  ['', ['']],
])('splitCsv(%j)', (text, fields) => {
  expect(splitCsv(text)).toEqual(fields);
});

describe('mountFrom', () => {
  test.each([
    ['from=dep,target=/x', 'dep'],
    ['TYPE=Bind,FROM=dep', 'dep'],
    ['type=cache,from=dep', 'dep'],
    ['type=tmpfs,from=dep', undefined],
    ['type=secret,from=dep', undefined],
    ['target=/x', undefined],
    ['from=', undefined],
  ])('%s', (text, from) => {
    expect(mountFrom(text)).toBe(from);
  });
});

test('expandMount expands values, not keys and not from', () => {
  const upper = (text: string): string => text.toUpperCase();
  expect(expandMount('type=bind,from=a,target=/b,ro', upper)).toBe('type=BIND,from=a,target=/B,ro');
  expect(expandMount('id=x', () => 'a,b')).toBe('"id=a,b"');
  expect(expandMount('id=x', () => 'a"b')).toBe('"id=a""b"');
});
