import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { argScopeRows } from './arg-scopes.ts';
import { errorTextRows } from './error-text.ts';
import { expansionRows } from './expansion.ts';
import { fileRows } from './file-level.ts';
import { graphRows } from './graph.ts';
import { heredocRows } from './heredocs.ts';
import { RULE_IDS } from './ids.ts';
import { inheritanceRows } from './inheritance.ts';
import { instructionRows } from './instructions.ts';
import { observe } from './observe.ts';
import type { Row } from './row.ts';
import { settingRows } from './settings.ts';
import { textRows } from './text.ts';

const ROWS: readonly Row[] = [
  ...fileRows,
  ...textRows,
  ...heredocRows,
  ...instructionRows,
  ...settingRows,
  ...expansionRows,
  ...argScopeRows,
  ...graphRows,
  ...inheritanceRows,
  ...errorTextRows,
];

describe.each(RULE_IDS)('%s', (id) => {
  test.each(ROWS.filter((row) => row.id === id))('$side $title', async (row) => {
    if ('show' in row) expect(await row.show()).toEqual(row.is);
    else expect(await observe(row.text, row.given)).toMatchObject(row.effect);
  });
});

test('every rule has a row that it accepts and one that it refuses', () => {
  const shown = new Set(ROWS.map(({ id, side }) => `${id} ${side}`));
  const sides = RULE_IDS.flatMap((id) => [`${id} accepts`, `${id} refuses`]);
  expect(sides.filter((side) => !shown.has(side))).toEqual([]);
  expect([...shown].filter((side) => !sides.includes(side))).toEqual([]);
});

const REFERENCE = fileURLToPath(new URL('../../../../shared/reference/builder-semantics.md', import.meta.url));

test.runIf(existsSync(REFERENCE))('the list of rules is that of the reference', () => {
  const text = readFileSync(REFERENCE, 'utf8');
  expect(Array.from(text.matchAll(/^(A\d+\.\d+) /gm), ([, id]) => id)).toEqual(RULE_IDS);
});
