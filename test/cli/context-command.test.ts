import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { contextCommand, duText, lsText } from '../../src/cli/context-command.ts';
import { listContext } from '../../src/context-listing.ts';
import { tempDir } from '../rig/layers.ts';

const DOCKERFILE = `FROM scratch AS base
COPY src/*.ts /app/
COPY package.json docs /app/
RUN --mount=type=bind,source=tools,target=/t true
COPY node_modules /x/
`;

async function listing(dir: string) {
  for (const one of ['src', 'docs', 'tools', 'node_modules', 'node_modules/deep']) mkdirSync(join(dir, one));
  const files = {
    Dockerfile: DOCKERFILE,
    '.dockerignore': '# of others\nnode_modules\n*.log\n!keep.log\n',
    'package.json': '{}',
    'src/a.ts': 'x'.repeat(1500),
    'src/b.txt': 'unused',
    'docs/one.md': '1',
    'tools/t.sh': '#!',
    'node_modules/deep/x.js': '',
    'gone.log': 'g',
    'keep.log': 'kept',
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  symlinkSync('a.ts', join(dir, 'src/l.ts'));
  return listContext(
    {
      rootDir: join(dir, '..', 'root'),
      context: dir,
      cwd: dir,
      tags: [],
      buildArgs: new Map(),
      labels: new Map(),
      buildPlatform: { os: 'linux', architecture: 'amd64' },
      contexts: new Map(),
      secrets: new Map(),
      ssh: new Map(),
      noCache: false,
      noCacheFilter: [],
      pull: 'never',
      network: 'default',
      allow: new Set(),
      extraHosts: [],
      ulimits: [],
      jobs: 1,
      registryConfig: { registries: {} },
      credentials: new Map(),
      proxyEnv: {},
      workerEnv: {},
      workerScript: '',
      stdout: () => Promise.resolve(),
    },
    { signal: new AbortController().signal },
  );
}

test('ls and du of a context', async () => {
  using dir = tempDir();
  const context = join(dir.path, 'context');
  mkdirSync(context);
  const found = await listing(context);
  expect(lsText(found)).toMatchInlineSnapshot(`
    "     41 B  .dockerignore  unused
        142 B  Dockerfile  unused
          0 B  docs/
          1 B  docs/one.md  Dockerfile:3
          1 B  gone.log  ignored by .dockerignore:3 *.log
          4 B  keep.log  unused  (.dockerignore:4 !keep.log)
          0 B  node_modules/  ignored by .dockerignore:2 node_modules
          2 B  package.json  Dockerfile:3
          0 B  src/
       1.5 kB  src/a.ts  Dockerfile:2
          6 B  src/b.txt  unused
          0 B  src/l.ts  unused
          0 B  tools/  Dockerfile:4
          2 B  tools/t.sh  Dockerfile:4
    "
  `);
  expect(duText(found)).toMatchInlineSnapshot(`
    "9 files, 1.7 kB in the context, 2 ignored names

    taken by
       3.0 kB  Dockerfile:2  [1/4] COPY src/*.ts /app/ (2 files)
          3 B  Dockerfile:3  [2/4] COPY package.json docs /app/ (2 files)
          2 B  Dockerfile:4  [3/4] RUN --mount=type=bind,source=tools,target=/t true (1 file)
            -  Dockerfile:5  [4/4] COPY node_modules /x/: COPY source "node_modules" not found in the build context: .dockerignore:2 excludes it ("node_modules")

    heaviest
       1.5 kB  src/a.ts
        142 B  Dockerfile
         41 B  .dockerignore
          6 B  src/b.txt
          4 B  keep.log
          2 B  package.json
          2 B  tools/t.sh
          1 B  docs/one.md
          0 B  src/l.ts

    used by no step: 5 files, 193 B
        142 B  Dockerfile
         41 B  .dockerignore
          6 B  src/b.txt
          4 B  keep.log
          0 B  src/l.ts
    "
  `);
});

test.each([
  [['--target', 'du', 'ls', '.'], 'could not be found'],
  [['-t', 'ls', 'du', 'gone'], 'the build context gone does not exist'],
  [['.', 'ls'], 'tsbuild context takes ls or du'],
  [['ls', 'one', 'two'], 'one build context is expected, 2 words were given'],
])('the first word that is no value of a flag says what is wanted: %j', async (argv, message) => {
  using dir = tempDir();
  writeFileSync(join(dir.path, 'Dockerfile'), 'FROM scratch\n');
  const context = { cwd: dir.path, env: {}, signal: new AbortController().signal };
  await expect(contextCommand(['--root', join(dir.path, 'root'), ...argv], context)).rejects.toThrow(message);
});
