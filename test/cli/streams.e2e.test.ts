import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CliRig, run, until } from '../rig/cli.ts';

function scratchBuild(): CliRig {
  const rig = CliRig.setup();
  rig.write({ Dockerfile: 'FROM scratch\nCOPY Dockerfile /\n' });
  return rig;
}

test.each([
  ['an archive', ['--progress', 'quiet', '-t', 'a', '-o', 'type=oci,dest=-', '.']],
  ['help', ['--help']],
  ['the help of a command', ['du', '--help']],
  ['the version', ['build', '--version']],
])('a reader that closes standard output before %s: one error, no stack', async (_, words) => {
  await using rig = scratchBuild();
  const argv = [rig.cli, '--root', rig.root, ...words];
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'pipe'], cwd: rig.context });
  child.stdout.destroy();
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [code] = (await once(child, 'close')) as [number];
  expect(stderr).toMatch(/^error: cannot write to standard output: its reader has closed it \[output-failed\]\n$/);
  expect(code).toBe(1);
});

test('progress that nobody reads stops no build', async () => {
  await using rig = scratchBuild();
  const flags = ['--root', rig.root, '--progress', 'plain', '-t', 'a', rig.context];
  const child = spawn(process.execPath, [rig.cli, ...flags], { stdio: ['ignore', 'ignore', 'pipe'], cwd: rig.dir });
  child.stderr.destroy();
  expect(await once(child, 'exit')).toEqual([0, null]);
  expect(rig.leftovers()).toEqual(['a-latest.tar']);
});

test.each(['--report', '--iidfile', '--metadata-file'])(
  '%s that cannot be written is told before the build',
  async (flag) => {
    await using rig = scratchBuild();
    mkdirSync(join(rig.dir, 'is-a-directory.json'));
    for (const file of ['nowhere/x.json', 'is-a-directory.json']) {
      const { code, stderr } = await rig.tsbuild(['--progress', 'plain', '-t', 'a', flag, file, rig.context]);
      expect(stderr).toMatch(/^error: cannot write .*\[output-failed\]\nhint: .*\n$/);
      expect(code).toBe(1);
    }
    expect(rig.leftovers()).toEqual(['is-a-directory.json']);
  },
);

test.each(['--iidfile', '--metadata-file', '--trace', '-o'])('%s goes through a link to a pipe', async (flag) => {
  await using rig = scratchBuild();
  const place = join(rig.dir, 'out');
  symlinkSync('/proc/self/fd/1', place);
  const words = [process.execPath, rig.cli, '--root', rig.root, flag, flag === '-o' ? `type=oci,dest=${place}` : place];
  const { stdout } = await run(['sh', '-c', '"$@" | cat', 'sh', ...words, rig.context]);
  expect(stdout).toMatch(/[0-9a-f]{64}|traceEvents/);
  expect(readlinkSync(place)).toBe('/proc/self/fd/1');
  expect(rig.leftovers()).toEqual(['out']);
});

test.each(['--report', '--trace'])('a %s that cannot be written does not hide why a build failed', async (flag) => {
  await using rig = CliRig.setup();
  const dir = join(rig.dir, 'told');
  mkdirSync(dir);
  const server = createServer((_, response) => {
    rmSync(dir, { recursive: true, force: true });
    response.writeHead(404).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  rig.write({ Dockerfile: `FROM scratch\nADD http://127.0.0.1:${String(port)}/gone /\n` });
  const { code, stderr } = await rig.tsbuild(['--progress', 'plain', flag, join(dir, 'x.json'), rig.context]);
  server.close();
  expect(stderr).toMatch(/^warning: cannot write .*x\.json: its directory does not exist$/m);
  expect(stderr).toMatch(/^error: .*404.*\[http-failed\]$/m);
  expect(code).toBe(1);
});

test('-q prints the id, and nothing else, whether or not anything is written', async () => {
  await using rig = scratchBuild();
  const named = await rig.tsbuild(['-q', '-t', 'a', rig.context]);
  expect(named).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/^sha256:[0-9a-f]{64}\n$/) });
  expect(await rig.tsbuild(['-q', rig.context])).toEqual(named);
});

test('Ctrl-C while it waits for standard input', async () => {
  await using rig = CliRig.setup();
  const child = spawn(process.execPath, [rig.cli, '--root', rig.root, '--progress', 'plain', '-'], { stdio: 'pipe' });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  await until('the root is there', () => existsSync(join(rig.root, 'leases')), { withinMs: 10_000 });
  child.kill('SIGINT');
  expect(await once(child, 'close')).toEqual([130, null]);
  expect(stderr).toBe('error: the build was cancelled [cancelled]\n');
});

test('Ctrl-C while a registry does not answer', async () => {
  await using rig = CliRig.setup();
  rig.write({ Dockerfile: 'FROM nothing/here\n' });
  const silent = createServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as { port: number };
  const mirror = `docker.io=http://127.0.0.1:${String(port)}`;
  const build = rig.start(['--progress', 'plain', '--registry-mirror', mirror, rig.context]);
  await once(silent, 'request');
  build.child.kill('SIGINT');
  const { code, stderr } = await build.finished;
  silent.closeAllConnections();
  silent.close();
  expect(stderr).toContain('error: the build was cancelled [cancelled]');
  expect(stderr).not.toContain('internal error');
  expect(code).toBe(130);
});
