import assert from 'node:assert/strict';
import { test } from 'vitest';
import { type CacheRecord, contentIDOf, digestOf, type KeptImage, parseCacheKey } from '../../../cache/index.ts';
import type { SpaceItem } from '../../../cache/space/item.ts';
import { ownershipOf } from '../../../cache/space/ownership.ts';
import { usageOf } from '../../../cache/space/usage.ts';
import { diffIDNamed, materialNamed, recordOf } from '../temp.ts';

const HOUR = 3_600_000;
const NOW = 100 * 24 * HOUR;

function layer(name: string, bytes: number, ageMs: number): SpaceItem {
  const at = { path: `layers/v1/${name}`, lastUsedAt: NOW - ageMs };
  return { type: 'layer', id: diffIDNamed(name), bytes, parts: { tars: bytes }, ...at };
}

function ref(name: string): CacheRecord['layers'][number] {
  const diffID = diffIDNamed(name);
  return { diffID, contentID: contentIDOf(diffID), verified: true, origins: [] };
}

function record(step: string, name: string, stage: string, build = '/app Dockerfile'): CacheRecord {
  const place = { build, stage, index: 2, kind: 'RUN' };
  return recordOf(materialNamed(step), parseCacheKey(digestOf(step)), { layers: [ref(name)], place });
}

function image(name: string, layers: readonly string[]): KeptImage {
  const digest = digestOf(name);
  return { name, isPulled: false, manifest: digest, config: digest, layers: layers.map(ref) };
}

test('what several images or stages need counts for each, and is told as shared', () => {
  const items = [layer('base', 100, 0), layer('one', 10, 2 * HOUR), layer('two', 1, 50 * 24 * HOUR)];
  const records = [
    record('r1', 'one', 'build'),
    record('r2', 'two', 'final'),
    record('r3', 'one', 'final'),
    record('r4', 'one', 'build', '/other Dockerfile'),
  ];
  const images = [image('app', ['base', 'one']), image('base', ['base'])];
  const owners = ownershipOf({ rootDir: '/none', items, records, images });
  const usage = usageOf({ items, bytes: 111, unreadable: [] }, owners, NOW);
  assert.deepEqual(usage.images, [
    { name: 'app', bytes: 110, sharedBytes: 100 },
    { name: 'base', bytes: 100, sharedBytes: 100 },
  ]);
  assert.deepEqual(usage.dockerfiles, [
    {
      ...{ name: '/app Dockerfile', bytes: 11, sharedBytes: 10 },
      stages: [
        { name: 'final', bytes: 11, sharedBytes: 10 },
        { name: 'build', bytes: 10, sharedBytes: 10 },
      ],
    },
    {
      ...{ name: '/other Dockerfile', bytes: 10, sharedBytes: 10 },
      stages: [{ name: 'build', bytes: 10, sharedBytes: 0 }],
    },
  ]);
  assert.deepEqual(
    usage.ages.map(({ bytes }) => bytes),
    [100, 10, 0, 0, 1],
  );
});
