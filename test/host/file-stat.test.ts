import assert from 'node:assert/strict';
import {
  type BigIntStats,
  lstatSync,
  mkdtempSync,
  openSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, test } from 'vitest';
import { statKey } from '../../cache/index.ts';
import { FileStat } from '../../src/host/fs/index.ts';
import { fstatx, hasStatx, STATX_AT, statx } from '../../src/host/sys/index.ts';

const dir = mkdtempSync(join(tmpdir(), 'tsbuild-stat-'));
afterAll(() => rmSync(dir, { recursive: true }));

function factsOf(stat: FileStat) {
  const { size, mode, nlink, mtimeSec, mtimeNsec, devMajor, devMinor } = stat;
  return { words: [...stat.words], size, mode, nlink, mtimeSec, mtimeNsec, devMajor, devMinor };
}

test('statx tells what lstat tells, of files, links, directories and devices', () => {
  assert.ok(hasStatx());
  const file = join(dir, 'file');
  writeFileSync(file, 'twelve bytes');
  symlinkSync('file', join(dir, 'link'));
  const old = join(dir, 'old');
  writeFileSync(old, '');
  utimesSync(old, -1.25, -1.25);
  for (const path of [file, old, dir, join(dir, 'link'), '/dev/null', '/proc/self/stat']) {
    const found = statx(path);
    assert.ok(found);
    const quick = factsOf(new FileStat().fromStatx(found));
    assert.deepEqual(quick, factsOf(new FileStat().fromNode(lstatSync(path, { bigint: true }))), path);
  }
  assert.deepEqual([...new FileStat().fromStatx(fstatx(openSync(file, 'r'))).words], [...statOf(file).words]);
});

test('what is not there is undefined, anything else an error, and no name ends early', () => {
  writeFileSync(join(dir, 'plain'), '');
  assert.equal(statx(join(dir, 'absent')), undefined);
  assert.equal(statx(join(dir, 'plain/below')), undefined);
  assert.throws(() => statx(`${join(dir, 'plain')}\0absent`), { code: 'EINVAL' });
  assert.throws(() => statx(`/${'x'.repeat(300)}`), { code: 'ENAMETOOLONG' });
  assert.throws(() => fstatx(-1), { code: 'EBADF' });
});

test('times and devices are exact, however they come', () => {
  const times = fc.record({
    sec: fc.bigInt({ min: -(2n ** 33n), max: 2n ** 33n }),
    nsec: fc.bigInt({ min: 0n, max: 999_999_999n }),
  });
  const device = fc.record({ major: fc.nat(), minor: fc.nat() });
  fc.assert(
    fc.property(times, times, device, (mtime, ctime, { major, minor }) => {
      const dev =
        (BigInt(major & 0x7ffff000) << 32n) |
        (BigInt(major & 0xfff) << 8n) |
        (BigInt(minor & ~0xff) << 12n) |
        BigInt(minor & 0xff);
      const mtimeNs = mtime.sec * 1_000_000_000n + mtime.nsec;
      const ctimeNs = ctime.sec * 1_000_000_000n + ctime.nsec;
      const words = new Uint32Array(64);
      put(words, STATX_AT.mtime, mtime);
      put(words, STATX_AT.ctime, ctime);
      words[STATX_AT.dev] = major;
      words[STATX_AT.dev + 1] = minor;
      words[STATX_AT.size + 1] = 5;
      const stat = new FileStat().fromStatx(words);
      assert.deepEqual(
        [...stat.words.subarray(0, 11)],
        [...statKey({ dev, ino: 0n, size: 5n << 32n, mtimeNs, ctimeNs, mode: 0n }).subarray(0, 11)],
      );
      assert.deepEqual(
        [BigInt(stat.mtimeSec), BigInt(stat.mtimeNsec), stat.size],
        [mtime.sec, mtime.nsec, 5 * 2 ** 32],
      );
      const node = { dev, ino: 0n, size: 5n << 32n, mtimeNs, ctimeNs, mode: 0n, nlink: 0n, rdev: 0n };
      assert.deepEqual(new FileStat().fromNode(node as BigIntStats).words, stat.words);
      assert.ok(stat.isSame(new FileStat().load(stat.words, 0)));
    }),
  );
});

function statOf(path: string): FileStat {
  return new FileStat().fromNode(lstatSync(path, { bigint: true }));
}

function put(words: Uint32Array, at: number, { sec, nsec }: { sec: bigint; nsec: bigint }): void {
  words[at] = Number(BigInt.asUintN(32, sec));
  words[at + 1] = Number(BigInt.asUintN(32, sec >> 32n));
  words[at + 2] = Number(nsec);
}
