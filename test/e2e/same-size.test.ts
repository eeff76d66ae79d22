import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CLI } from '../rig/cli.ts';
import { tempDir } from '../rig/layers.ts';

// The script of moby/buildkit#4950: what is written anew, in the same size and with the same time, is another file.
test.each([[[]], [['--paranoid']]])('same size, same mtime, other content: never a hit %j', (flags) => {
  using dir = tempDir();
  const context = join(dir.path, 'context');
  mkdirSync(context);
  writeFileSync(join(context, 'Dockerfile'), 'FROM scratch\nCOPY file /\n');
  for (let round = 0; round < 8; round += 1) {
    writeFileSync(join(context, 'file'), `content ${round}`);
    utimesSync(join(context, 'file'), 1_600_000_000, 1_600_000_000);
    const dest = join(dir.path, `out${round}`);
    execFileSync(process.execPath, [CLI, '--root', join(dir.path, 'root'), '-o', dest, ...flags, context], {
      stdio: 'ignore',
    });
    expect(readFileSync(join(dest, 'file'), 'utf8')).toBe(`content ${round}`);
  }
});
