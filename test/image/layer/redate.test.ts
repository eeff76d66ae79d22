import { createReadStream, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { makeTarReader, type TarEntry } from '../../../src/image/archive/index.ts';
import { needsRedating, type Redating, redated } from '../../../src/image/layer/index.ts';
import { openToc } from '../../../src/image/toc/index.ts';
import { type Spec, tempDir, writeLayer } from '../../rig/layers.ts';

const EPOCH = 1_700_000_000;

const time = fc.record({
  mtimeSec: fc.constantFrom(-5, 0, EPOCH - 1, EPOCH, EPOCH + 1, 8_589_934_592),
  mtimeNsec: fc.constantFrom(0, 1, 999_999_999),
});
const times = fc.tuple(time, time, time, time);
const which = fc.constantFrom('later' as const, 'all' as const);

type Time = { readonly mtimeSec: number; readonly mtimeNsec: number };

function spec([directory, file, symlink, fifo]: readonly [Time, Time, Time, Time]): Spec {
  return {
    'd/': { type: 'directory', mode: 0o2755, ...directory },
    [`d/${'long'.repeat(60)}`]: { type: 'file', content: 'x'.repeat(70_000), ...file },
    'd/\xff\xfe': { type: 'file', content: '', xattrs: new Map([['user.a', Buffer.from([0, 255])]]), ...file },
    'd/hard': { type: 'hardlink', link: 'd/\xff\xfe', ...file },
    'd/gone': { whiteout: true },
    link: { type: 'symlink', link: 'd', ...symlink },
    pipe: { type: 'fifo', uid: 4_000_000_000, ...fifo },
  };
}

async function bytesOf(tarPath: string, redating: Redating, highWaterMark: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of redated(createReadStream(tarPath, { highWaterMark }), redating)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test('times are clamped or set, all else stays, and it is the same however the bytes arrive', async () => {
  await fc.assert(
    fc.asyncProperty(times, which, fc.integer({ min: 500, max: 100_000 }), async (given, kind, size) => {
      using dir = tempDir();
      const redating = { epoch: EPOCH, which: kind };
      const before = writeLayer(dir.path, spec(given));
      const expected = writeLayer(
        dir.path,
        spec(given.map((one) => timeAfter(one, redating)) as unknown as [Time, Time, Time, Time]),
      );
      const made = await bytesOf(before.tarPath, redating, size);
      const wanted = readFileSync(expected.tarPath);
      if (kind === 'later') expect(made.equals(wanted)).toBe(true);
      // the writer gives markers no time; set to the epoch they have one
      else expect(entriesOf(made)).toEqual(entriesOf(wanted).map((entry) => markerAt(entry, EPOCH)));
    }),
    { numRuns: 30 },
  );
});

test('a table tells where no pass is needed', async () => {
  await fc.assert(
    fc.asyncProperty(times, async (given) => {
      using dir = tempDir();
      const redating = { epoch: EPOCH, which: 'later' as const };
      const { tarPath, tocPath } = writeLayer(dir.path, spec(given));
      const made = await bytesOf(tarPath, redating, 65_536);
      const isChanged = !made.equals(readFileSync(tarPath));
      expect(isChanged).toBe(given.some(({ mtimeSec }) => mtimeSec > EPOCH));
      expect(needsRedating(openToc(tocPath).entries(), redating)).toBe(isChanged || given.some(isAfterInItsSecond));
    }),
    { numRuns: 30 },
  );
});

function timeAfter({ mtimeSec, mtimeNsec }: Time, { epoch, which: kind }: Redating): Time {
  const isLater = mtimeSec > epoch || (mtimeSec === epoch && mtimeNsec > 0);
  return isLater || kind === 'all' ? { mtimeSec: epoch, mtimeNsec: 0 } : { mtimeSec, mtimeNsec };
}

/** Only the table tells that it is later than the epoch. */
function isAfterInItsSecond({ mtimeSec, mtimeNsec }: Time): boolean {
  return mtimeSec === EPOCH && mtimeNsec > 0;
}

function entriesOf(tar: Buffer): TarEntry[] {
  const entries: TarEntry[] = [];
  const reader = makeTarReader({ entry: (entry) => void entries.push(entry), content: () => undefined });
  reader.write(tar);
  reader.end();
  return entries;
}

function markerAt(entry: TarEntry, mtimeSec: number): TarEntry {
  return entry.path.includes('.wh.') ? { ...entry, mtimeSec } : entry;
}
