import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openByteMask } from '../../src/util/byte-mask.ts';
import { openByteSearch } from '../../src/util/byte-search.ts';

/** Few letters, so that needles overlap each other and themselves. */
const text = (minLength: number, maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom('a', 'b'), minLength, maxLength });
const streams = fc.record({
  needles: fc.array(text(1, 6), { minLength: 1, maxLength: 3 }),
  chunks: fc.array(text(0, 8), { maxLength: 8 }),
});

/** Every place of every needle, found the slow way; those that overlap are one. */
function maskedSlowly(whole: string, needles: readonly string[]): string {
  const places = needles.flatMap((needle) =>
    Array.from(whole, (_, at) => at)
      .filter((at) => whole.startsWith(needle, at))
      .map((at) => [at, at + needle.length] as const),
  );
  let [text, end] = ['', 0];
  for (const [from, to] of places.sort(([a], [b]) => a - b)) {
    if (from >= end) text += `${whole.slice(end, from)}***`;
    end = Math.max(end, to);
  }
  return text + whole.slice(end);
}

function masked(chunks: readonly string[], needles: readonly string[]): string {
  const mask = openByteMask(needles.map((needle) => Buffer.from(needle)));
  const parts = chunks.map((chunk) => mask.push(Buffer.from(chunk)));
  return Buffer.concat([...parts, mask.end()]).toString();
}

test('every byte of a needle is replaced, and no other, wherever chunks end', () => {
  fc.assert(
    fc.property(streams, ({ needles, chunks }) => {
      expect(masked(chunks, needles)).toBe(maskedSlowly(chunks.join(''), needles));
    }),
    { numRuns: 2000 },
  );
});

test('only the start of a needle waits for more', () => {
  const mask = openByteMask([Buffer.from('hunter22')]);
  expect(mask.push(Buffer.from('password? ')).toString()).toBe('password? ');
  expect(mask.push(Buffer.from('it is hunt')).toString()).toBe('it is ');
  expect(mask.push(Buffer.from('ing season')).toString()).toBe('hunting season');
  expect(mask.push(Buffer.from('hunter2')).toString()).toBe('');
  expect(mask.push(Buffer.from('2!')).toString()).toBe('***!');
  expect(mask.push(Buffer.from('hunter')).toString()).toBe('');
  expect(mask.end().toString()).toBe('hunter');
});

test('a long needle is looked for in linear time', () => {
  const needle = Buffer.alloc(500_000, 'a');
  const mask = openByteMask([needle]);
  const parts = Array.from({ length: 20 }, () => mask.push(Buffer.alloc(64 * 1024, 'a')));
  expect(Buffer.concat([...parts, mask.end()]).toString()).toBe('***');
});

test('a search sees what lies in one chunk or over several', () => {
  fc.assert(
    fc.property(streams, ({ needles, chunks }) => {
      const search = openByteSearch(needles.map((needle) => Buffer.from(needle)));
      const shared = Buffer.alloc(16);
      for (const chunk of chunks) {
        shared.write(chunk);
        search.push(shared.subarray(0, chunk.length));
      }
      const whole = chunks.join('');
      expect(search.found()).toEqual(needles.flatMap((needle, index) => (whole.includes(needle) ? [index] : [])));
    }),
    { numRuns: 2000 },
  );
});
