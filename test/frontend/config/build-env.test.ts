import { array, assert, boolean, constantFrom, integer, property, tuple } from 'fast-check';
import { expect, test } from 'vitest';
import { BuildEnv } from '../../../src/frontend/config/index.ts';

test('environments that branch from each other stay apart', () => {
  const base = BuildEnv.of([['A', '1']]);
  const one = base.with([['B', 'one']]);
  const two = base.with([['B', 'two']]);
  const again = one.with([['A', '2']]);
  expect([base, one, two, again].map((env) => env.pairs())).toEqual([
    ['A=1'],
    ['A=1', 'B=one'],
    ['A=1', 'B=two'],
    ['B=one', 'A=2'],
  ]);
  expect(again.without('B').pairs()).toEqual(['A=2']);
});

test('any tree of environments is what maps make of it', () => {
  const change = tuple(
    integer({ min: 0, max: 20 }),
    constantFrom('A', 'B', 'C', '__proto__'),
    constantFrom('', '1', 'x=y'),
    boolean(),
  );
  assert(
    property(array(change, { maxLength: 40 }), (changes) => {
      const envs = [BuildEnv.EMPTY];
      const maps: ReadonlyMap<string, string>[] = [new Map()];
      for (const [from, name, value, isRemoved] of changes) {
        const at = from % envs.length;
        const map = new Map(maps[at]);
        map.delete(name);
        if (!isRemoved) map.set(name, value);
        maps.push(map);
        envs.push((isRemoved ? envs[at]?.without(name) : envs[at]?.with([[name, value]])) ?? BuildEnv.EMPTY);
      }
      expect(envs.map((env) => env.pairs())).toEqual(
        maps.map((map) => Array.from(map, ([name, value]) => `${name}=${value}`)),
      );
      expect(envs.map((env) => env.names())).toEqual(maps.map((map) => [...map.keys()]));
      expect(envs.map((env) => [env.get('A'), env.has('B')])).toEqual(maps.map((map) => [map.get('A'), map.has('B')]));
    }),
  );
});
