import { expect, test } from 'vitest';
import { splitCsv } from '../../src/util/csv.ts';

test.each([
  ['a', ['a']],
  ['a,b', ['a', 'b']],
  ['a,', ['a', '']],
  ['"a,b",c', ['a,b', 'c']],
  ['"say ""a""",c', ['say "a"', 'c']],
  ['', undefined],
  ['a"b', undefined],
  ['"a', undefined],
  ['"a"b', undefined],
])('%j is %j', (line, fields) => {
  expect(splitCsv(line)).toEqual(fields);
});
