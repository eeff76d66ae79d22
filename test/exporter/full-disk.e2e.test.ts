import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkDestinations, writeDestination, writeText } from '../../src/exporter/destination.ts';

test('a disk that fills up, or is read-only, is told as such, and nothing is left there', async (context) => {
  if (process.getuid?.() !== 0) context.skip('only root can mount a small disk');
  const dir = mkdtempSync(join(tmpdir(), 'full-'));
  const disk = join(dir, 'disk');
  mkdirSync(disk);
  writeFileSync(join(dir, 'blob'), Buffer.alloc(3_000_000));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]);
  async function* pieces() {
    yield Buffer.from('head');
    yield { path: join(dir, 'blob'), size: 3_000_000 };
  }
  try {
    const signal = new AbortController().signal;
    const deps = { signal, lease: 'l', stdout: () => Promise.resolve() };
    await expect(writeDestination(join(disk, 'x.tar'), pieces(), deps)).rejects.toMatchObject({ code: 'disk-full' });
    expect(readdirSync(disk)).toEqual([]);
    const text = 'x'.repeat(3_000_000);
    expect(() => writeText(join(disk, 'report.json'), text)).toThrow(/no space left on the device/);
    expect(readdirSync(disk)).toEqual([]);
    execFileSync('mount', ['-o', 'remount,ro', disk]);
    for (const dest of [disk, join(disk, 'a/b')])
      expect(() => checkDestinations([{ type: 'local', dest }])).toThrow(/the file system is read-only/);
  } finally {
    execFileSync('umount', [disk]);
    rmSync(dir, { recursive: true });
  }
});
