import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { OWN_FROM } from '../../../src/image/layer/index.ts';
import { Lookout } from '../../../src/worker/server/early-chunks-lookout.ts';
import { until } from '../../rig/cli.ts';

// Where others take all processors, each chunk waits for a second, and its thread for its turn.
vi.setConfig({ testTimeout: 120_000 });

interface Watched {
  readonly dir: string;
  readonly from: string;
  readonly to: string;
  readonly end: AbortController;
  readonly ended: Promise<unknown>;
}

/** What is below `from` when the lookout begins, and later. */
function watch(fill: (from: string) => void): Watched {
  const dir = mkdtempSync(join(tmpdir(), 'tsbuild-lookout-'));
  const [from, to, end] = [join(dir, 'upper'), join(dir, 'chunks'), new AbortController()];
  onTestFinished(() => {
    end.abort();
    rmSync(dir, { recursive: true, force: true });
  });
  mkdirSync(from);
  fill(from);
  const ended = new Lookout({ from, to, level: 5 }, end.signal).run().catch((error: unknown) => error);
  return { dir, from, to, end, ended };
}

/** Equal files have equal chunks. */
function large(mark: string, size = OWN_FROM): string {
  return mark.repeat(size / mark.length);
}

/** Waits until so many are there. */
function untilThereAre(count: number, { to }: Watched): Promise<void> {
  const chunks = (): string[] => readdirSync(to).filter((name) => name.length === SHA256);
  return until(`${count} chunks`, () => chunks().length === count, { withinMs: 50_000 });
}

const SHA256 = 64;

test('large files become chunks, one after the other', async () => {
  const watched = watch((from) => {
    mkdirSync(join(from, 'a/b'), { recursive: true });
    writeFileSync(join(from, 'a/b/first'), large('abcd'));
    writeFileSync(join(from, 'a/small'), large('abcd', OWN_FROM - 4));
    writeFileSync(join(from, 'random'), randomBytes(OWN_FROM));
  });
  await untilThereAre(1, watched);
  writeFileSync(join(watched.from, 'second'), large('efgh', 2 << 20));
  await untilThereAre(3, watched);
  writeFileSync(join(watched.from, 'third'), large('ijkl'));
  await untilThereAre(4, watched);
});

test('a file that is written to again is looked at again', async () => {
  const watched = watch((from) => writeFileSync(join(from, 'file'), large('abcd')));
  await untilThereAre(1, watched);
  appendFileSync(join(watched.from, 'file'), 'more');
  await untilThereAre(2, watched);
});

test('links are not followed, and nobody waits for a pipe', async () => {
  const watched = watch((from) => {
    const outside = join(from, '../outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'file'), large('abcd'));
    symlinkSync(outside, join(from, 'a'));
    symlinkSync(join(outside, 'file'), join(from, 'b'));
    execFileSync('mkfifo', [join(from, 'c')]);
    writeFileSync(join(from, 'z'), large('efgh'));
  });
  await untilThereAre(1, watched);
  renameSync(join(watched.dir, 'outside/file'), join(watched.from, 'moved'));
  await untilThereAre(2, watched);
});

test('it ends when it is told, and where its directory is gone', async () => {
  const told = watch((from) => writeFileSync(join(from, 'file'), large('abcd')));
  told.end.abort();
  expect(await told.ended).toMatchObject({ name: 'AbortError' });
  const lost = watch(() => undefined);
  rmSync(lost.to, { recursive: true });
  writeFileSync(join(lost.from, 'file'), large('abcd'));
  expect(await lost.ended).toMatchObject({ code: 'ENOENT' });
  expect(existsSync(lost.to)).toBe(false);
});
