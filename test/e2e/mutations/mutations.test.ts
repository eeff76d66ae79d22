import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Report } from '../../rig/cli.ts';
import { CONTENT } from './of-files.ts';
import { STORE } from './of-store.ts';
import { SURROUNDINGS } from './of-surroundings.ts';
import { TEXT } from './of-text.ts';
import { URLS } from './of-urls.ts';
import { LAYOUT, MOVED } from './steps.ts';
import { Mutations } from './world.ts';

type Change = NonNullable<Report['steps'][number]['reason']>['changes'][number];

let mutations: Mutations;

beforeAll(async () => {
  mutations = await Mutations.setup();
});
afterAll(() => mutations.end());

test.each([...CONTENT, ...TEXT, ...SURROUNDINGS, ...STORE, ...URLS])(
  '$cause',
  async ({ change, misses, hits = {} }) => {
    const report = await mutations.report(change);
    expect(missesOf(report)).toEqual(
      Object.fromEntries(
        Object.entries(misses).map(([text, [code, changes = []]]) => [nameOf(report, text), { code, changes }]),
      ),
    );
    expect(oddHitsOf(report)).toEqual(
      Object.fromEntries(Object.entries(hits).map(([text, code]) => [nameOf(report, text), code])),
    );
  },
);

function missesOf({ steps }: Report): object {
  return Object.fromEntries(
    steps
      .filter(({ status }) => status !== 'hit')
      .map(({ name, reason }) => [name, { code: reason?.code, changes: reason?.changes.map(withoutPlaces) }]),
  );
}

function withoutPlaces(change: Change): Change {
  const { name, what } = change;
  return {
    ...change,
    ...(name?.startsWith('oci-layout://') === true ? { name: LAYOUT } : {}),
    what: /^sha256:\S+ → sha256:\S+$/.test(what) ? MOVED : what,
  };
}

function oddHitsOf({ steps }: Report): object {
  const odd = steps.filter(({ status, reason }) => status === 'hit' && reason?.code !== 'same');
  return Object.fromEntries(odd.map(({ name, reason }) => [name, reason?.code]));
}

/** The step whose name, after its place, begins with the text. */
function nameOf({ steps }: Report, text: string): string {
  const found = steps.filter(({ name }) => name.replace(/^\[[^\]]*\] /, '').startsWith(text));
  if (found.length !== 1 || found[0] === undefined) throw new Error(`${found.length} steps begin with ${text}`);
  return found[0].name;
}
