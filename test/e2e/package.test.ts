import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CliRig, output, REPOSITORY, run } from '../rig/cli.ts';
import { verifyArchive } from '../rig/oci-archive.ts';

let dir: string;
let tarball: string;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'tsbuild-package-'));
  const packed = await output(['npm', 'pack', '--json', '--pack-destination', dir, '--loglevel=error'], {
    cwd: REPOSITORY,
  });
  const [entry] = JSON.parse(packed.slice(packed.indexOf('['))) as { filename: string }[];
  tarball = join(dir, entry?.filename ?? '');
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test('the packed package builds an image where no repository is present', async () => {
  await using rig = CliRig.setup();
  await output([
    'npm',
    'install',
    '--global',
    '--prefix',
    join(dir, 'prefix'),
    '--loglevel=error',
    '--no-audit',
    '--no-fund',
    tarball,
  ]);
  rig.write({ Dockerfile: 'FROM scratch\nCOPY hello.txt /\nCMD ["/hello.txt"]\n', 'hello.txt': 'hello\n' });
  const tsbuild = join(dir, 'prefix/bin/tsbuild');
  const { version } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as { version: string };
  expect((await output([tsbuild, '--version'])).trim()).toBe(version);
  await output([tsbuild, '--root', rig.root, '-t', 'packed:1', rig.context], { cwd: rig.dir });
  expect(verifyArchive(join(rig.dir, 'packed-1.tar')).diffIDs).toHaveLength(1);
});

test('the library is imported by name, with its types', async () => {
  const user = join(dir, 'user');
  mkdirSync(user);
  writeFileSync(join(user, 'package.json'), '{"name": "user", "type": "module"}');
  await output(['npm', 'install', '--loglevel=error', '--no-audit', '--no-fund', tarball], { cwd: user });
  const { name } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as { name: string };
  expect(
    (
      await output([process.execPath, '-e', `import('${name}').then((m) => console.log(typeof m.buildImage))`], {
        cwd: user,
      })
    ).trim(),
  ).toBe('function');
  writeFileSync(
    join(user, 'index.ts'),
    `import { buildImage } from '${name}';\nexport const f: typeof buildImage = buildImage;\n`,
  );
  cpSync(join(REPOSITORY, 'node_modules/@types'), join(user, 'node_modules/@types'), { recursive: true });
  cpSync(join(REPOSITORY, 'node_modules/undici-types'), join(user, 'node_modules/undici-types'), { recursive: true });
  const flags = [
    '--noEmit',
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2022',
    '--lib',
    'es2023,esnext.disposable',
    '--types',
    'node',
  ];
  const tsc = await run([join(REPOSITORY, 'node_modules/.bin/tsc'), ...flags, 'index.ts'], { cwd: user });
  expect(tsc.stdout).toBe('');
  expect(tsc.code).toBe(0);
});

test('publint and attw find nothing to say', async () => {
  const publint = await run(['npx', 'publint', '--strict', tarball], { cwd: REPOSITORY });
  expect(publint.code, publint.stdout + publint.stderr).toBe(0);
  const attw = await run(['npx', 'attw', tarball, '--profile', 'esm-only'], { cwd: REPOSITORY });
  expect(attw.code, attw.stdout + attw.stderr).toBe(0);
});
