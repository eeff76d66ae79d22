import { expect, test } from 'vitest';
import { pastOf } from '../../src/session/past.ts';

const BUILD = { noCache: false, failOnMiss: undefined };

function memory() {
  const values = new Map<string, string>();
  return {
    values,
    get: (namespace: string, key: string) => values.get(`${namespace} ${key}`),
    put: (namespace: string, key: string, value: string) => void values.set(`${namespace} ${key}`, value),
  };
}

const bytes = (text: string): Uint8Array => Buffer.from(text);

test('a RUN is expected of a text that was not built to its end at its place, or with --no-cache', () => {
  const memo = memory();
  const first = pastOf('/src Dockerfile', bytes('FROM a\nRUN b\n'), memo);
  expect(first.expectsRuns(BUILD)).toBe(true);
  first.remember();
  const again = pastOf('/src Dockerfile', bytes('FROM a\nRUN b\n'), memo);
  expect(again.expectsRuns(BUILD)).toBe(false);
  expect(again.expectsRuns({ ...BUILD, noCache: true })).toBe(true);
  expect(pastOf('/src Dockerfile', bytes('FROM a\nRUN c\n'), memo).expectsRuns(BUILD)).toBe(true);
  expect(pastOf('/other Dockerfile', bytes('FROM a\nRUN b\n'), memo).expectsRuns(BUILD)).toBe(true);
});

test.each([
  ['FROM a\n  run b', true],
  ['FROM a\nRUN\tb', true],
  ['FROM a\nRUN <<EOF\nb\nEOF', true],
  ['FROM a\nCOPY b /RUN c', false],
  ['FROM a\nRUNNER b', false],
  ['# RUN b', false],
])('whether there is one: %o', (text, expected) => {
  expect(pastOf('/src Dockerfile', bytes(text), memory()).expectsRuns(BUILD)).toBe(expected);
});

test('none is expected where a miss is an error', () => {
  const past = pastOf('/src Dockerfile', bytes('FROM a\nRUN b\n'), memory());
  expect(past.expectsRuns({ ...BUILD, noCache: true, failOnMiss: [] })).toBe(false);
});

test('what is remembered already is not written again', () => {
  const memo = memory();
  pastOf('/src Dockerfile', bytes('FROM a'), memo).remember();
  memo.put = () => expect.unreachable('written again');
  pastOf('/src Dockerfile', bytes('FROM a'), memo).remember();
  expect(memo.values.size).toBe(1);
});
