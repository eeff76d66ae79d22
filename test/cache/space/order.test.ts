import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'vitest';
import { type CacheRecord, digestOf, type KeptImage } from '../../../cache/index.ts';
import type { SpaceItem } from '../../../cache/space/item.ts';
import { evictionOrder } from '../../../cache/space/order.ts';
import { ownershipOf } from '../../../cache/space/ownership.ts';
import { DAY, imageOf, layerItem, NOW, stepRecord } from './rig.ts';

function order(
  items: readonly SpaceItem[],
  records: readonly CacheRecord[],
  images: readonly KeptImage[] = [],
): string[] {
  const ownership = ownershipOf({ rootDir: '/none', items, records, images });
  return evictionOrder(items, ownership, NOW).map(({ item }) => item.path.slice(item.path.lastIndexOf('/') + 1));
}

test('what costs least to make again by byte goes first', () => {
  const items = [layerItem('dear', 1000), layerItem('cheap', 1000), layerItem('small', 10), layerItem('orphan', 5)];
  const records = [
    stepRecord('dear', [], { costMs: 9000 }),
    stepRecord('cheap', [], { costMs: 100 }),
    stepRecord('small', [], { costMs: 100 }),
  ];
  assert.deepEqual(order(items, records), ['orphan', 'cheap', 'dear', 'small']);
});

test('a layer goes after those that stand on it, however cheap it is', () => {
  const items = [layerItem('base', 1_000_000), layerItem('middle', 1000), layerItem('top', 10)];
  const records = [
    stepRecord('base', [], { costMs: 1 }),
    stepRecord('middle', ['base'], { costMs: 10 }),
    stepRecord('top', ['base', 'middle'], { costMs: 60_000 }),
  ];
  assert.deepEqual(order(items, records), ['top', 'middle', 'base']);
});

test('what was not used for days becomes cheaper', () => {
  const items = [layerItem('old', 1000, 30 * DAY), layerItem('new', 1000)];
  const records = [stepRecord('old', [], { costMs: 3000 }), stepRecord('new', [], { costMs: 1000 })];
  assert.deepEqual(order(items, records), ['old', 'new']);
  const used = [stepRecord('old', [], { costMs: 3000, lastUsedAt: NOW }), ...records.slice(1)];
  assert.deepEqual(order(items, used), ['new', 'old']);
});

test('failures go first, images that were built here last, pulled ones are only cache', () => {
  const failure: SpaceItem = { ...layerItem('failure', 1), type: 'failure', id: 'f' };
  const record: SpaceItem = { ...layerItem('record', 1), type: 'record', id: 'r' };
  const items = [layerItem('built', 10), record, layerItem('pulled', 10), failure];
  const images = [imageOf('app', ['built']), imageOf('node', ['pulled'], true)];
  assert.deepEqual(order(items, [], images), ['failure', 'pulled', 'record', 'built']);
});

test('a blob of a layer that is here is cache, whoever needs it; one of a layer that is not is not', () => {
  const blob = { mediaType: 'layer', digest: digestOf('blob'), size: 10 };
  const image = imageOf('app', ['built']);
  const owned = { ...image, layers: image.layers.map((layer) => ({ ...layer, blob })) };
  const item: SpaceItem = { ...layerItem('blob', 10), type: 'blob', id: blob.digest };
  const record: SpaceItem = { ...layerItem('record', 1), type: 'record', id: 'r' };
  assert.deepEqual(order([record, item], [], [owned]), ['record', 'blob']);
  assert.deepEqual(order([record, item, layerItem('built', 10)], [], [owned]), ['blob', 'record', 'built']);
});

test('for all stacks: no layer goes before one that stands on it', () => {
  const stacks = fc.array(
    fc.record({
      layers: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { minLength: 1, maxLength: 4 }),
      costMs: fc.nat(100_000),
      isImage: fc.boolean(),
    }),
    { maxLength: 4 },
  );
  const sizes = fc.array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 6, maxLength: 6 });
  fc.assert(
    fc.property(stacks, sizes, (all, bytes) => {
      // A layer stands on others in one order only: stacks of a root are trees.
      const sorted = all.map(({ layers, ...rest }) => ({ layers: [...layers].sort(), ...rest }));
      const items = ['a', 'b', 'c', 'd', 'e', 'f'].map((name, index) => layerItem(name, bytes[index] ?? 1));
      const records = sorted.map(({ layers, costMs }) =>
        stepRecord(layers.at(-1) ?? 'a', layers.slice(0, -1), { costMs }),
      );
      const images = sorted.filter(({ isImage }) => isImage).map(({ layers }, index) => imageOf(`i${index}`, layers));
      const evicted = order(items, records, images);
      for (const { layers } of sorted)
        for (const [index, name] of layers.entries())
          for (const above of layers.slice(index + 1))
            assert.ok(evicted.indexOf(above) < evicted.indexOf(name), `${name} before ${above}: ${evicted.join()}`);
    }),
  );
});
