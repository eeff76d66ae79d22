import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CODES } from '../../src/errors.ts';

test('docs/errors.md has a section per code, in the order of the table, and no other', () => {
  const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');
  expect([...page.matchAll(/^## (.+)$/gm)].map((match) => match[1])).toEqual(Object.keys(CODES));
});

test('each section says something', () => {
  const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');
  for (const section of page.split(/^## /m).slice(1))
    expect(section.split('\n').slice(1).join(' ').trim().length).toBeGreaterThan(30);
});
