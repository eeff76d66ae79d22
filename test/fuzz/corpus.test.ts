import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { inspect } from './inspect.ts';
import { madeText, makeRandom, mutated } from './texts.ts';

const CORPUS = new URL('../../fixtures/fuzz/', import.meta.url);

describe('the promises for all texts', () => {
  test.each(readdirSync(CORPUS))('hold for %s', async (name) => {
    expect(await inspect(readFileSync(new URL(name, CORPUS), 'utf8'))).toBe(undefined);
  });

  test('hold for a few hundred texts, the same in every run', async () => {
    const random = makeRandom(1);
    for (let count = 0; count < 200; count++) {
      const text = madeText(random);
      expect(await inspect(text), JSON.stringify(text)).toBe(undefined);
      const other = mutated(text, madeText(random), random);
      expect(await inspect(other), JSON.stringify(other)).toBe(undefined);
    }
  });
});
