import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'vitest';
import { canonicalJson, type Json } from '../../cache/index.ts';

const json = fc.jsonValue() as fc.Arbitrary<Json>;

test('says the same value as JSON', () => {
  fc.assert(
    fc.property(json, (value) => {
      assert.deepEqual(JSON.parse(canonicalJson(value)), JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('does not depend on the order in which properties were set', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), json), fc.infiniteStream(fc.nat()), (object, random) => {
      const shuffled = Object.entries(object)
        .map((entry) => ({ entry, order: random.next().value }))
        .sort((one, other) => one.order - other.order)
        .map(({ entry }) => entry);
      assert.equal(canonicalJson(Object.fromEntries(shuffled)), canonicalJson(object));
    }),
  );
});

test('different values have different texts', () => {
  fc.assert(
    fc.property(json, json, (one, other) => {
      const isSame = canonicalJson(one) === canonicalJson(other);
      const normal = (value: Json): unknown => JSON.parse(JSON.stringify(value));
      try {
        assert.deepEqual(normal(one), normal(other));
      } catch {
        assert.equal(isSame, false);
        return;
      }
      assert.equal(isSame, true);
    }),
  );
});

test.each<[Json, string]>([
  [{ b: 1, a: [true, null, 'x'] }, '{"a":[true,null,"x"],"b":1}'],
  [{ '\u{1f600}': 1, '\uffff': 2, Z: 3, a: 4 }, '{"Z":3,"a":4,"\u{1f600}":1,"\uffff":2}'],
  [{ 10: 'a', 9: 'b' }, '{"10":"a","9":"b"}'],
  [-0, '0'],
  [1e21, '1e+21'],
  ['\ud800', '"\\ud800"'],
])('%j', (value, text) => assert.equal(canonicalJson(value), text));

test('a property that is undefined is not there; what JSON cannot say is refused', () => {
  assert.equal(canonicalJson({ a: undefined, b: 1 } as unknown as Json), '{"b":1}');
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, [undefined], 1n, () => 1]) {
    assert.throws(() => canonicalJson(value as unknown as Json), TypeError);
  }
});
