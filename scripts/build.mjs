// Bundles the library and the CLI with its worker into dist/. Rooms that are imported dynamically become chunks of their own,
// so that a cached build loads little.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { chunkGraph } from './chunk-graph.mjs';
import { asFunction } from './chunk-text.mjs';
import { koffiInside } from './koffi-inside.mjs';
import { lateChildProcess } from './late-child-process.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
const cliDir = join(dist, 'cli');
const STARTERS = ['load.cjs', 'tsbuild.cjs', 'tsbuild.mjs', 'worker.cjs'];

/** @type {import('esbuild').BuildOptions} */
const bundled = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20.11',
  mainFields: ['module', 'main'],
  // half of the time until a build starts is spent on reading this text; names stay, for stack traces
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'linked',
  logLevel: 'warning',
};

await writeLibrary();
const chunks = await writeChunks();
await writeStarters(chunks);
// Chunks of earlier builds go last, so that a failed build leaves the last good one.
removeAllBut([...chunks.names, ...STARTERS]);
writeCode(chunks);

/** For `import`: ES modules. The CLI's chunks are none of its business. */
async function writeLibrary() {
  rmSync(join(dist, 'library'), { recursive: true, force: true });
  await build({
    ...bundled,
    splitting: true,
    format: 'esm',
    outExtension: { '.js': '.mjs' },
    entryPoints: { index: 'src/index.ts' },
    outdir: dist,
    chunkNames: 'library/[name]-[hash]',
    external: ['koffi'],
    // Dependencies in CommonJS call require() for Node's own modules.
    banner: {
      js: "import { createRequire as nodeRequire } from 'node:module'; const require = nodeRequire(import.meta.url);",
    },
  });
}

/** @typedef {{ names: string[], main: string, worker: string }} Chunks */

/** The command line and the worker, as CommonJS that src/cli/start loads. Only ES modules can be split, so they are made first. */
async function writeChunks() {
  const { outputFiles, metafile } = await build({
    ...bundled,
    splitting: true,
    format: 'esm',
    entryPoints: { main: 'src/cli/main.ts', worker: 'src/worker/server/main.ts' },
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    outExtension: { '.js': '.cjs' },
    outdir: cliDir,
    plugins: [koffiInside(root), lateChildProcess()],
    metafile: true,
    write: false,
  });
  mkdirSync(cliDir, { recursive: true });
  const graph = chunkGraph(metafile);
  /** @type {Map<string, string>} */
  const functions = new Map();
  for (const { path, text } of outputFiles) {
    if (path.endsWith('.cjs')) functions.set(basename(path), await asFunction(text));
    else writeFileSync(path, text);
  }
  const main = graph.chunkOf('src/cli/main.ts');
  const worker = graph.chunkOf('src/worker/server/main.ts');
  // What every build needs is one file, and what every worker needs: a file costs more than its text.
  const files = new Map([...functions.keys()].map((name) => [name, [name]]));
  const ofBuild = [main, ...['build-command', 'run-build'].map((name) => graph.chunkOf(`src/cli/${name}.ts`))];
  files.set(main, graph.closureOf(ofBuild));
  files.set(worker, graph.closureOf([worker]));
  const parts = new Set([...files.get(main), ...files.get(worker)]);
  for (const name of parts) if (name !== main && name !== worker) files.delete(name);
  for (const [file, names] of files) {
    const entries = names.map((name) => `${JSON.stringify(name)}:${functions.get(name)}`);
    writeFileSync(join(cliDir, file), `({${entries.join(',\n')}})`);
  }
  return {
    names: [...files.keys(), ...outputFiles.map(({ path }) => basename(path)).filter((name) => !functions.has(name))],
    main,
    worker,
  };
}

/**
 * `tsbuild.cjs` is what people start: Node takes 5 ms longer to start an ES module. `tsbuild.mjs` is the same for those who look for one.
 * @param {Chunks} chunks
 */
async function writeStarters({ main, worker }) {
  await build({
    ...bundled,
    format: 'cjs',
    outExtension: { '.js': '.cjs' },
    entryPoints: ['tsbuild', 'worker', 'load'].map((name) => `src/cli/start/${name}.ts`),
    outdir: cliDir,
    define: {
      MAIN_CHUNK: JSON.stringify(main),
      WORKER_CHUNK: JSON.stringify(worker),
      'import.meta.dirname': '__dirname',
    },
  });
  chmodSync(join(cliDir, 'tsbuild.cjs'), 0o755);
  const text = `#!/usr/bin/env node
import { createRequire } from 'node:module';
createRequire(import.meta.url)('./tsbuild.cjs');
`;
  writeFileSync(join(cliDir, 'tsbuild.mjs'), text, { mode: 0o755 });
}

/** @param {readonly string[]} names */
function removeAllBut(names) {
  for (const name of readdirSync(cliDir)) if (!names.includes(name)) rmSync(join(cliDir, name));
}

/** What V8 makes of the chunks. @param {Chunks} chunks */
function writeCode({ main, worker }) {
  const script = join(root, 'scripts/code-cache.mjs');
  // Of this environment's wishes none: flags of Node are part of the code, and reports and traces are for builds that people asked for.
  const { PATH, TMPDIR } = process.env;
  const env = { PATH, ...(TMPDIR === undefined ? {} : { TMPDIR }) };
  const { status, stderr } = spawnSync(process.execPath, [script, cliDir, main, worker], { encoding: 'utf8', env });
  if (status !== 0) throw new Error(`the code of the bundle could not be written:\n${stderr}`);
}
