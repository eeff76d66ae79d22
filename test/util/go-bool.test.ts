import { expect, test } from 'vitest';
import { parseGoBool } from '../../src/util/go-bool.ts';

test('what Go has for true and false, and nothing else', () => {
  expect(['1', 't', 'T', 'true', 'True', 'TRUE'].map(parseGoBool)).toEqual(Array(6).fill(true));
  expect(['0', 'f', 'F', 'false', 'False', 'FALSE'].map(parseGoBool)).toEqual(Array(6).fill(false));
  expect(['', 'yes', 'tRUE', '2'].map(parseGoBool)).toEqual(Array(4).fill(undefined));
});
