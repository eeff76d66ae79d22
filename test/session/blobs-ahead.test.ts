import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import type { OutputSpec } from '../../src/exporter/index.ts';
import { makeBlobsAhead } from '../../src/session/blobs-ahead.ts';
import { ExportRig } from '../rig/export-rig.ts';

const signal = new AbortController().signal;
const ARCHIVE: OutputSpec = { type: 'oci', dest: 'x.tar' };

function setup(outputs: readonly OutputSpec[]) {
  const rig = new ExportRig();
  onTestFinished(() => rig[Symbol.dispose]());
  const blobs = makeBlobsAhead(outputs, { ...rig.deps(), making: new Map() }, { signal });
  const compressed = () => readdirSync(join(rig.dir, 'content')).length;
  const until = async (count: number) => {
    while (compressed() < count) await setImmediate();
  };
  return { rig, blobs, until, compressed };
}

test('layers are compressed as they come', async () => {
  const { rig, blobs, until, compressed } = setup([{ type: 'local', dest: 'd' }, ARCHIVE]);
  blobs.add(rig.ownLayer(Buffer.from('below')));
  await until(1);
  blobs.add(rig.ownLayer(Buffer.from('target')));
  await until(2);
  await blobs[Symbol.asyncDispose]();
  expect(compressed()).toBe(2);
  expect(readdirSync(join(rig.dir, 'tmp'))).toEqual([]);
});

test.each<[string, OutputSpec[]]>([
  ['nothing is exported', []],
  ['files are exported', [{ type: 'tar', dest: 'x.tar' }]],
  ['layers stay as they are', [{ ...ARCHIVE, compression: { algorithm: 'none' } }]],
  ['layers get other file times', [{ ...ARCHIVE, fileTimes: 'epoch' }]],
])('nothing is compressed where %s', async (_, outputs) => {
  const { rig, blobs, compressed } = setup(outputs);
  blobs.add(rig.ownLayer(Buffer.from('below')));
  for (let turn = 0; turn < 10; turn += 1) await setImmediate();
  await blobs[Symbol.asyncDispose]();
  expect(compressed()).toBe(0);
});

test('stopped, it begins nothing more; disposed, it has ended and left no file', async () => {
  const { rig, blobs, compressed } = setup([ARCHIVE]);
  blobs.add(rig.ownLayer(Buffer.from('below')));
  blobs.add(rig.ownLayer(Buffer.from('target')));
  blobs.stop();
  await setImmediate();
  await setImmediate();
  expect(rig.asked).toEqual([]);
  blobs.add(rig.ownLayer(Buffer.alloc(5_000_000, 'x')));
  while (rig.asked.length === 0) await setImmediate();
  await blobs[Symbol.asyncDispose]();
  expect(compressed()).toBe(0);
  expect(readdirSync(join(rig.dir, 'tmp'))).toEqual([]);
});
