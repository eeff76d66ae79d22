// Bundles the CLI, its worker and the library into dist/. Rooms that are imported dynamically become chunks of their own,
// so that a cached build loads little. koffi stays outside: it is a native addon.
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');

const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: { 'cli/tsbuild': 'src/cli/main.ts', 'cli/worker': 'src/worker/server/main.ts', index: 'src/index.ts' },
  outdir: dist,
  outExtension: { '.js': '.mjs' },
  // Beside the worker, which is found relative to the file that starts it.
  chunkNames: 'cli/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.11',
  mainFields: ['module', 'main'],
  external: ['koffi'],
  // Dependencies in CommonJS call require() for Node's own modules.
  banner: {
    js: "import { createRequire as nodeRequire } from 'node:module'; const require = nodeRequire(import.meta.url);",
  },
  // half of the time until a cached build is done is spent on reading this text; names stay, for stack traces
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'linked',
  metafile: true,
  logLevel: 'warning',
});

// Chunks of earlier builds go last, so that a failed build leaves the last good one.
for (const name of readdirSync(join(dist, 'cli'))) {
  if (!Object.hasOwn(metafile.outputs, `dist/cli/${name}`)) rmSync(join(dist, 'cli', name));
}

const cli = join(dist, 'cli/tsbuild.mjs');
const text = readFileSync(cli, 'utf8');
if (!text.startsWith('#!')) writeFileSync(cli, `#!/usr/bin/env node\n${text}`);
chmodSync(cli, 0o755);
