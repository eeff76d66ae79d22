// node code-cache.mjs DIR MAIN WORKER: writes beside the chunks of the bundle what V8 made of them (src/cli/start/load.ts). What a build
// calls is compiled by doing one: functions of the main program that never ran are not in it. For the version of Node that runs this;
// another one compiles.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';

const [dir = '', main = '', worker = ''] = process.argv.slice(2);
/** @type {typeof import('../src/cli/start/load.ts')} */
const { chunksIn } = createRequire(import.meta.url)(join(dir, 'load.cjs'));
// of each its own: what is in both files runs in both
const [ofMain, ofWorker] = [chunksIn(dir), chunksIn(dir)];
const scratch = mkdtempSync(join(tmpdir(), 'tsbuild-code-'));
try {
  writeContext(join(scratch, 'context'));
  const { main: run } = /** @type {typeof import('../src/cli/main.ts')} */ (ofMain.load(main));
  const build = async (/** @type {string} */ flags, exitCode = 0) => {
    await runMain(run, `build --root root ${flags} context`.split(' '), exitCode);
  };
  await build('-f context/base.Dockerfile --progress plain -t base:1 -o type=oci,tar=false,dest=base');
  const onBase = '--build-context base=oci-layout://base --progress quiet -t app:1 -o type=oci,dest=app.tar';
  // once in which all runs, then with a hit for each step
  for (let time = 0; time < 3; time++) await build(`--target app ${onBase}`);
  // up to where a worker would start
  await build(`--fail-on-miss=test ${onBase}`, 1);
  for (const name of readdirSync(dir)) if (isChunk(name)) ofMain.load(name);
  const mask = process.umask();
  // it does nothing without namespaces, which are not asked for here: all of its functions are compiled
  setFlagsFromString('--no-lazy');
  ofWorker.load(worker);
  setFlagsFromString('--lazy');
  process.umask(mask);
  for (const [name, script] of [...ofMain.scripts, ...ofWorker.scripts]) {
    writeFileSync(join(dir, name.replace(/\.cjs$/, '.code')), script.createCachedData());
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** Of the main program, with a file of its own. @param {string} name */
function isChunk(name) {
  return /-[0-9A-Z]{8}\.cjs$/.test(name) && name !== worker;
}

/** @param {() => Promise<void>} run @param {string[]} words @param {number} exitCode */
async function runMain(run, words, exitCode) {
  process.chdir(scratch);
  process.argv = [process.execPath, 'tsbuild', ...words];
  await run();
  if (process.exitCode !== exitCode)
    throw new Error('a build that the code of the bundle is taken from ended otherwise');
  process.exitCode = 0;
}

/** Of so many files that what is done where there are many is done. @param {string} context */
function writeContext(context) {
  mkdirSync(join(context, 'src/deep'), { recursive: true });
  for (let n = 0; n < 600; n++) writeFileSync(join(context, 'src/deep', `${n}.js`), `export default ${n};\n`);
  writeFileSync(join(context, 'package.json'), '{}\n');
  writeFileSync(join(context, '.dockerignore'), 'node_modules\n**/*.log\n!keep.log\n');
  writeFileSync(join(context, 'base.Dockerfile'), `FROM scratch\nWORKDIR /work\nCOPY .dockerignore ./\nCMD ["sh"]\n`);
  writeFileSync(
    join(context, 'Dockerfile'),
    `# syntax=docker/dockerfile:1
ARG NAME=app
FROM base AS files
WORKDIR /work
COPY package.json ./
COPY --chown=1:1 src/ src/
FROM base AS app
ARG NAME
ENV HOME=/home/\${NAME} PATH=/bin
LABEL org.opencontainers.image.title="$NAME"
COPY --from=files /work /work
COPY --chmod=755 <<EOF /entry
\${NAME:-none}
EOF
USER 1:1
EXPOSE 80
ENTRYPOINT ["/entry"]
CMD ["serve"]
FROM app AS test
RUN --mount=type=cache,target=/cache npm ci && npm test
`,
  );
}
