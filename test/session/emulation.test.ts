import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { digestOf } from '../../cache/index.ts';
import { type Definition, makeVertex, type Origin, type Vertex } from '../../src/graph/index.ts';
import { PROBE_STATUS, probeProgram } from '../../src/host/process/index.ts';
import { assertCanEmulate, emulationDeps } from '../../src/session/emulation.ts';
import { sessionRig } from './rig.ts';

const host = { os: 'linux', architecture: 'amd64' };
const signal = new AbortController().signal;
const origin = (name: string): Origin => ({
  ...{ name, isStep: true, stage: '', index: 1, kind: 'RUN', buildArgs: {}, ignoreCache: false },
  range: { file: 'Dockerfile', startLine: 2, startColumn: 1, endLine: 2, endColumn: 9 },
});

function image(architecture: string, own?: string): Vertex {
  const imagePlatform = own === undefined ? {} : { imagePlatform: { os: 'linux', architecture: own } };
  const platform = { os: 'linux', architecture };
  return makeVertex(
    { kind: 'image', name: 'x', manifest: digestOf(architecture), platform, ...imagePlatform, layers: [] },
    [],
    origin('FROM x'),
  );
}

function runOn(below: Vertex): Definition {
  const made = makeVertex(
    {
      ...{ kind: 'run', argv: ['true'], env: [], cwd: '/', user: '', hostname: 'h', network: 'default' },
      ...{
        security: 'sandbox',
        platform: { os: 'linux', architecture: 'amd64' },
        mounts: [],
        extraHosts: [],
        ulimits: [],
        devices: [],
      },
    } as const,
    [below],
    origin('[2/2] RUN true'),
  );
  return { targets: [], vertices: [below, made] };
}

test('a RUN on a foreign image is refused, with its place and what to install', async () => {
  const asked: string[] = [];
  const runsHere = (architecture: string) => {
    asked.push(architecture);
    return Promise.resolve(architecture === 'riscv64');
  };
  const deps = { host, runsHere };
  await expect(assertCanEmulate(runOn(image('arm64')), deps)).rejects.toMatchObject({
    code: 'emulation-missing',
    message: '[2/2] RUN true stands on an image for linux/arm64, which this machine (linux/amd64) cannot run',
    hint: expect.stringContaining('apt-get install -y qemu-user-static') as string,
    range: { startLine: 2 },
  });
  await assertCanEmulate(runOn(image('riscv64')), deps);
  expect(asked).toEqual(['arm64', 'riscv64']);
});

test('what counts is what the image is for; only RUNs do', async () => {
  const deps = { host, runsHere: () => Promise.resolve(false) };
  await assertCanEmulate(runOn(image('amd64')), deps);
  await assertCanEmulate(runOn(image('arm64', 'amd64')), deps);
  await expect(assertCanEmulate(runOn(image('amd64', 's390x')), deps)).rejects.toThrow(/linux\/s390x/);
  await assertCanEmulate({ targets: [], vertices: [image('arm64')] }, deps);
  await assertCanEmulate(runOn(makeVertex({ kind: 'scratch' }, [], origin('FROM scratch'))), deps);
});

test('the probe of this machine runs, and leaves nothing', async () => {
  const rig = await sessionRig();
  const deps = emulationDeps(rig.root, { signal });
  expect(await deps.runsHere(deps.host.architecture)).toBe(true);
  expect(await deps.runsHere('no-such-processor')).toBe(true);
});

test.for(['amd64', '386', 'arm64', 'arm', 'riscv64', 'ppc64le', 's390x', 'mips64le', 'loong64'])(
  'the probe for %s is a program to readelf',
  async (architecture, context) => {
    const rig = await sessionRig();
    const file = join(rig.dir, architecture);
    writeFileSync(file, probeProgram(architecture) ?? '');
    const { stdout, stderr, error } = spawnSync('readelf', ['-hl', file], { encoding: 'utf8' });
    if (error !== undefined) context.skip('readelf is not installed');
    expect(stderr).toBe('');
    expect(stdout).toMatch(/Type: +EXEC/);
    expect(stdout).toMatch(/LOAD/);
    expect(PROBE_STATUS).toBe(42);
  },
);
