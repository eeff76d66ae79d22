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

beforeAll(async () => {
  mkdirSync(join(modules, '.cache'), { recursive: true });
  // Beside the packages that it imports.
  place = mkdtempSync(join(modules, '.cache/tsbuild-makers-'));
  const entryPoints = ['compare-driver.ts', 'mount-driver.ts'].map((name) => join(here, name));
  await build({
    ...{ entryPoints, outdir: place, outExtension: { '.js': '.mjs' }, bundle: true, format: 'esm' },
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

/** Runs a driver in a mount namespace of its own. */
async function drive(driver: string, order: object): Promise<string> {
  const command = [process.execPath, join(place, `${driver}.mjs`), JSON.stringify(order)];
  return (await promisify(execFile)('unshare', ['--mount', '--propagation', 'private', ...command])).stdout;
}

async function run(lower: string, order: { seed: number; count: number }): Promise<Result> {
  const dir = join(place, lower);
  mkdirSync(dir);
  await drive('compare-driver', { dir, lower, ...order });
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

test.each([
  ['file', 0],
  ['loop', 2],
] as const)('an image mounts by way of %s, and leaves nothing when it is unmounted', async (way, during) => {
  const dir = join(place, `mount-${way}`);
  mkdirSync(dir);
  expect(JSON.parse(await drive('mount-driver', { dir, way }))).toEqual({ content: 'content', during, after: 0 });
});
