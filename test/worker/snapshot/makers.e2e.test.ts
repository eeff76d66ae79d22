import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Shown } from './compare-driver.ts';

const here = dirname(fileURLToPath(import.meta.url));
const modules = join(here, '../../../node_modules');
let place = '';
let driver = '';

beforeAll(async () => {
  mkdirSync(join(modules, '.cache'), { recursive: true });
  // Beside the packages that it imports.
  place = mkdtempSync(join(modules, '.cache/tsbuild-makers-'));
  driver = join(place, 'driver.mjs');
  await build({
    ...{ entryPoints: [join(here, 'compare-driver.ts')], outfile: driver, bundle: true, format: 'esm' },
    ...{ platform: 'node', target: 'node20.11', packages: 'external', logLevel: 'error' },
  });
});

afterAll(() => rmSync(place, { recursive: true, force: true }));

interface Result {
  readonly lowers: readonly string[];
  /** Metadata images that were kept. */
  readonly images: number;
  readonly shown: readonly Shown[];
}

async function run(lower: string, { seed, count }: { seed: number; count: number }): Promise<Result> {
  const dir = join(place, `${lower}-${seed}`);
  mkdirSync(dir);
  const order = JSON.stringify({ dir, lower, seed, count });
  await promisify(execFile)('unshare', ['--mount', '--propagation', 'private', process.execPath, driver, order]);
  return JSON.parse(readFileSync(join(dir, 'shown.json'), 'utf8')) as Result;
}

test('each maker shows the same of 250 generated stacks, and what changes them becomes the same layer', async () => {
  const order = { seed: 20_261, count: 250 };
  const results = await Promise.all(['erofs', 'directory', 'copy'].map((lower) => run(lower, order)));
  const [erofs, directory, copy] = results as [Result, Result, Result];
  expect([erofs.lowers, directory.lowers, copy.lowers]).toEqual([['erofs', 'directory'], ['directory'], ['copy']]);
  expect(erofs.shown).toHaveLength(order.count);
  expect([erofs.images > order.count, directory.images, copy.images]).toEqual([true, 0, 0]);
  erofs.shown.forEach((shown, index) => {
    expect(shown, `stack ${index}`).toEqual(directory.shown[index]);
    // Names of one inode are files of their own there.
    expect({ ...copy.shown[index], links: shown.links }, `stack ${index}, copied`).toEqual(shown);
  });
  expect(erofs.shown.reduce((sum, { files }) => sum + files.length, 0)).toBeGreaterThan(10 * order.count);
});
