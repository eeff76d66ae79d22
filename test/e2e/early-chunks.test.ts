import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeBases } from '../rig/bases.ts';
import { CliRig, until } from '../rig/cli.ts';
import { descendantsOf } from '../rig/traces.ts';

const SHA256 = 64;

/** Whole chunks below a root that were deflated early. */
function chunksBelow(root: string): string[] {
  const dirs = readdirSync(join(root, 'tmp')).filter((name) => name.endsWith('-chunks'));
  return dirs.flatMap((dir) => {
    const names = readdirSync(join(root, 'tmp', dir)).filter((name) => name.length === SHA256);
    return names.map((name) => join(root, 'tmp', dir, name));
  });
}

test('large files of a RUN are deflated while it runs, and its layer is made of them', async () => {
  await using rig = CliRig.setup();
  await makeBases(rig.root, ['busybox']);
  rig.write({ Dockerfile: 'FROM busybox\nRUN seq 1 40000 > /large; sleep 3600; true\n' });
  const product = join(rig.dir, 'product.tar');
  const build = rig.start(['--progress', 'plain', '-t', 'early', '-o', `type=oci,dest=${product}`, rig.context]);
  await until('there is a chunk', () => chunksBelow(rig.root).length === 1, { withinMs: 60_000 });
  for (const chunk of chunksBelow(rig.root)) writeFileSync(chunk, 'taken-as-it-is');
  for (const { name, pid } of descendantsOf(build.child.pid!)) if (name === 'sleep') process.kill(pid);
  expect(await build.finished).toMatchObject({ code: 0 });
  expect(readFileSync(product).includes('taken-as-it-is')).toBe(true);
  expect(readdirSync(join(rig.root, 'tmp'))).toEqual([]);
});

test('what a cancelled RUN leaves of it is removed', async () => {
  await using rig = CliRig.setup();
  await makeBases(rig.root, ['busybox']);
  rig.write({ Dockerfile: 'FROM busybox\nRUN seq 1 40000 > /large; sleep 3600\n' });
  const build = rig.start(['--progress', 'plain', '-t', 'early', rig.context]);
  await until('there is a chunk', () => chunksBelow(rig.root).length === 1, { withinMs: 60_000 });
  build.child.kill('SIGINT');
  expect(await build.finished).toMatchObject({ code: 130 });
  expect(readdirSync(join(rig.root, 'tmp'))).toEqual([]);
});

test('of a build that was killed the next one removes it', async () => {
  await using rig = CliRig.setup();
  await makeBases(rig.root, ['busybox']);
  rig.write({ Dockerfile: 'FROM busybox\nRUN seq 1 40000 > /large; sleep 3600\n' });
  const build = rig.start(['--progress', 'plain', '-t', 'early', rig.context]);
  await until('there is a chunk', () => chunksBelow(rig.root).length === 1, { withinMs: 60_000 });
  build.child.kill('SIGKILL');
  await build.finished;
  rig.write({ Dockerfile: 'FROM busybox\nRUN true\n' });
  await rig.built(['-t', 'next']);
  expect(readdirSync(join(rig.root, 'tmp'))).toEqual([]);
});
