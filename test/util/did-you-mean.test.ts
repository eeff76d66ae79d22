import { expect, test } from 'vitest';
import { didYouMean } from '../../src/util/did-you-mean.ts';

const WORDS = ['ADD', 'COPY', 'RUN', 'ENV'];

test.each([
  ['RUNN', 'RUN'],
  ['COPPY', 'COPY'],
  ['CPOY', 'COPY'],
  ['EN', 'ENV'],
  ['WORKDIR', undefined],
  ['RUN', undefined],
])('%s → %s', (word, meant) => expect(didYouMean(word, WORDS)).toBe(meant));

test('of equals the first', () => expect(didYouMean('ab', ['ac', 'ad', 'abc'])).toBe('ac'));
test('no candidates', () => expect(didYouMean('x', [])).toBeUndefined());
