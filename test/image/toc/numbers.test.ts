import { expect, test } from 'vitest';
import { Numbers } from '../../../src/image/toc/numbers.ts';

test.each([0, 1, 63, 64, 65, 256, 257, 65_536, 65_537, 131_073])(
  'a list of %d is what was pushed and set',
  (length) => {
    const numbers = new Numbers(Uint32Array);
    const values = Array.from({ length }, (_, index) => Math.imul(index + 1, 2_654_435_761) >>> 0);
    for (const value of values) numbers.push(value);
    for (let index = 0; index < length; index += 61) {
      values[index] = index;
      numbers.set(index, index);
    }
    expect(numbers.length).toBe(length);
    expect(Array.from({ length: length + 1 }, (_, index) => numbers.get(index))).toEqual([...values, 0]);
  },
);
