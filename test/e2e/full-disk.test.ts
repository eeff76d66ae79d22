import { execFileSync } from 'node:child_process';
import { mkdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CliRig } from '../rig/cli.ts';

test('a disk of the root that fills up is told as such, at the instruction', async (context) => {
  if (process.getuid?.() !== 0) context.skip('only root can mount a small disk');
  await using rig = CliRig.setup();
  mkdirSync(rig.root);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=120m', 'tmpfs', rig.root]);
  try {
    rig.write({ Dockerfile: 'FROM scratch\nCOPY big /\n', big: '' });
    truncateSync(join(rig.context, 'big'), 150_000_000);
    const { code, stderr } = await rig.build();
    expect(code).toBe(1);
    expect(stderr).toContain('\nDockerfile:2:1\n');
    expect(stderr).toContain('error: no space is left in the state directory [disk-full]\nhint: tsbuild prune');
    rig.write({ big: 'small' });
    await rig.built();
  } finally {
    execFileSync('umount', [rig.root]);
  }
});
