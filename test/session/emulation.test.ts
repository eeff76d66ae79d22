import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ImageOp, Vertex } from '../../src/graph/index.ts';
import { PROBE_STATUS, probeProgram } from '../../src/host/process/index.ts';
import type { OpDeps } from '../../src/ops/index.ts';
import { runOp } from '../../src/ops/run/index.ts';
import { emulationDeps, makeAssertCanEmulate } from '../../src/session/emulation.ts';
import type { RunReply, RunRequest } from '../../src/worker/protocol.ts';
import { image, layerOf, run, scratch, solverRig } from '../rig/solver-rig.ts';
import { sessionRig } from './rig.ts';

const host = { os: 'linux', architecture: 'amd64' };
const signal = new AbortController().signal;
const range = { file: 'Dockerfile', startLine: 2, startColumn: 1, endLine: 2, endColumn: 9 };

function imageFor(architecture: string, own?: string): Vertex {
  const made = image('x', architecture);
  const imagePlatform = own === undefined ? {} : { imagePlatform: { os: 'linux', architecture: own } };
  return { ...made, op: { ...(made.op as ImageOp), platform: { os: 'linux', architecture }, ...imagePlatform } };
}

function runOn(below: Vertex, command = 'true'): Vertex {
  const made = run(command, [below]);
  return { ...made, origin: { ...made.origin, range } };
}

test('a RUN on a foreign image is refused, with its place and what to install; each processor is asked for once', async () => {
  const asked: string[] = [];
  const runsHere = (architecture: string) => {
    asked.push(architecture);
    return Promise.resolve(architecture === 'riscv64');
  };
  const assertCanEmulate = makeAssertCanEmulate({ host, runsHere });
  await expect(assertCanEmulate(runOn(imageFor('arm64')))).rejects.toMatchObject({
    code: 'emulation-missing',
    message: '[stage-0 2/9] RUN true stands on an image for linux/arm64, which this machine (linux/amd64) cannot run',
    hint: expect.stringContaining('apt-get install -y qemu-user-static') as string,
    range: { startLine: 2 },
  });
  await assertCanEmulate(runOn(imageFor('riscv64')));
  await assertCanEmulate(runOn(runOn(imageFor('riscv64'))));
  expect(asked).toEqual(['arm64', 'riscv64']);
});

test('what counts is what the image is for', async () => {
  const assertCanEmulate = makeAssertCanEmulate({ host, runsHere: () => Promise.resolve(false) });
  await assertCanEmulate(runOn(imageFor('amd64')));
  await assertCanEmulate(runOn(imageFor('arm64', 'amd64')));
  await expect(assertCanEmulate(runOn(imageFor('amd64', 's390x')))).rejects.toThrow(/linux\/s390x/);
  await assertCanEmulate(runOn(scratch()));
});

test('a RUN that is cached asks for nothing; the first one that must run does', async () => {
  const rig = solverRig();
  const requests: string[] = [];
  const solved = (commands: readonly string[], runsHere: boolean) => {
    const assertCanRun = makeAssertCanEmulate({ host, runsHere: () => Promise.resolve(runsHere) });
    const deps = {
      ...{ assertCanRun, startWorker: () => undefined, ensureLayers: () => Promise.resolve(), logFile: () => '/log' },
      run: ({ name = '' }: RunRequest): Promise<RunReply> => {
        requests.push(name);
        return Promise.resolve({ outcome: 'exited', exitCode: 0, layer: { ...layerOf(name), size: 1 } });
      },
      runEnvironment: { secret: () => Promise.resolve(undefined), sshSocket: () => undefined, proxyEnv: [] },
    } as unknown as OpDeps;
    const stack = [imageFor('arm64')];
    for (const one of commands) stack.push(runOn(stack.at(-1) ?? scratch(), one));
    return rig.solve(stack, { runners: { ...rig.runners, run: runOp(deps) } });
  };
  await solved(['one', 'two'], true);
  await solved(['one', 'two'], false);
  await expect(solved(['one', 'three', 'four'], false)).rejects.toMatchObject({ code: 'emulation-missing' });
  expect(requests).toEqual(['[stage-0 2/9] RUN one', '[stage-0 2/9] RUN two']);
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
