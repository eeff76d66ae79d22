import { expect, test } from 'vitest';
import { ageText } from '../../src/util/age-text.ts';

const HOUR = 3_600_000;

test.each([
  [0, '1 s'],
  [59_999, '59 s'],
  [60_000, '1 min'],
  [HOUR - 1, '59 min'],
  [HOUR, '1 h'],
  [48 * HOUR - 1, '47 h'],
  [48 * HOUR, '2 days'],
])('%d ms: %s', (ms, text) => {
  expect(ageText(ms)).toBe(text);
});
