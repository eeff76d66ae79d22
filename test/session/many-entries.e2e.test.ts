import { spawn } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { tempDir } from '../rig/layers.ts';
import { rawMember } from '../rig/raw-tar.ts';

const REPOSITORY = join(import.meta.dirname, '../..');
const BATCH = 2048;
const NAME = 'd/0000000000';

/** Empty files with names of their own, made as they are read. */
function* manyEntries(count: number): Generator<Buffer> {
  const member = rawMember({ name: NAME });
  const zeros = checksumOf(member);
  for (let first = 0; first < count; first += BATCH) {
    const batch = Buffer.concat(Array.from({ length: Math.min(BATCH, count - first) }, () => member));
    for (let at = 0; at < batch.length; at += member.length) patch(batch, at, { index: first + at / 512, zeros });
    yield batch;
  }
  yield Buffer.alloc(1024);
}

function checksumOf(member: Buffer): number {
  return Number.parseInt(member.toString('latin1', 148, 154), 8);
}

/** A number into the name, and what it adds into the checksum. */
function patch(batch: Buffer, at: number, { index, zeros }: { index: number; zeros: number }): void {
  let sum = zeros;
  let rest = index;
  for (let place = at + NAME.length - 1; rest > 0; place -= 1) {
    const digit = rest % 10;
    batch[place] = 0x30 + digit;
    sum += digit;
    rest = (rest - digit) / 10;
  }
  for (let place = at + 153; place >= at + 148; place -= 1) {
    batch[place] = 0x30 + (sum & 7);
    sum >>= 3;
  }
}

async function bundleDriver(dir: string): Promise<string> {
  const outfile = join(dir, 'driver.mjs');
  await build({
    entryPoints: [join(REPOSITORY, 'test/session/many-entries-driver.ts')],
    ...{ outfile, bundle: true, format: 'esm', platform: 'node', target: 'node20.11', logLevel: 'error' },
    external: ['koffi'],
    banner: {
      js: "import { createRequire as nodeRequire } from 'node:module'; const require = nodeRequire(import.meta.url);",
    },
  });
  symlinkSync(join(REPOSITORY, 'node_modules'), join(dir, 'node_modules'));
  return outfile;
}

/** Streams an archive of so many entries through a door, never through a file. */
async function enter(door: 'layer' | 'context', count: number) {
  using temp = tempDir();
  const driver = await bundleDriver(temp.path);
  const dir = join(temp.path, 'place');
  mkdirSync(dir);
  const running = spawn(process.execPath, [driver, door, dir], { stdio: ['pipe', 'pipe', 'inherit'] });
  const said = text(running.stdout);
  // who refuses does not read to the end
  const fed = pipeline(Readable.from(manyEntries(count)), running.stdin).catch((error: unknown) => error);
  const answer = JSON.parse(await said) as { outcome: string; peakMB: number };
  await fed;
  return answer;
}

test.each(['layer', 'context'] as const)(
  '10 million entries as %s are refused at 5 million, in less than 300 MB',
  async (door) => {
    const { outcome, peakMB } = await enter(door, 10_000_000);
    expect(outcome).toMatch(/more than 5000000 entries/);
    expect(peakMB).toBeLessThan(300);
  },
);

test('a million entries as a layer are read in less than 300 MB', async () => {
  const { outcome, peakMB } = await enter('layer', 1_000_000);
  expect(outcome).toBe('taken');
  expect(peakMB).toBeLessThan(300);
});
