// What chaos.mjs and stress.mjs share: a base image that no root needs to know, what a built root file system is, the same dice for a seed.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import tar from 'tar-stream';

const REPOSITORY = dirname(dirname(fileURLToPath(import.meta.url)));
export const TSBUILD = [process.execPath, join(REPOSITORY, 'dist/cli/tsbuild.cjs')];

/** `dir/base`, an OCI layout of busybox, and `dir/context` with so many files and the Dockerfile. */
export async function prepare(dir, { dockerfile, files }) {
  const bases = join(dir, 'bases');
  await succeed(['bash', join(REPOSITORY, 'scripts/make-bases.sh'), bases, 'busybox']);
  const context = join(dir, 'context');
  mkdirSync(join(context, 'data'), { recursive: true });
  for (let n = 0; n < files; n += 1) writeFileSync(join(context, 'data', `file${n}`), `${n}\n`.repeat(500));
  writeFileSync(join(dir, 'Base'), 'FROM busybox\n');
  const output = `type=oci,tar=false,dest=${join(dir, 'base')}`;
  await succeed([...TSBUILD, '--root', bases, '-f', join(dir, 'Base'), '-o', output, context]);
  writeFileSync(join(context, 'Dockerfile'), dockerfile);
}

/** Everything of a root file system but times, which are of the day. */
export async function contentOf(file) {
  const hash = createHash('sha256');
  const extract = tar.extract();
  const read = (async () => {
    for await (const entry of extract) {
      const { name, type, mode, uid, gid, size, linkname } = entry.header;
      hash.update(JSON.stringify([name, type, mode, uid, gid, size, linkname]));
      for await (const chunk of entry) hash.update(chunk);
    }
  })();
  for await (const chunk of createReadStream(file)) {
    if (!extract.write(chunk)) await once(extract, 'drain');
  }
  extract.end();
  await read;
  return hash.digest('hex');
}

async function succeed(argv) {
  const child = spawn(argv[0], argv.slice(1), { stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${argv.join(' ')} exited with ${code}`);
}

/** The same numbers for the same seed. */
export function mulberry32(seed) {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
