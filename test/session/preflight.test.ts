import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { assertCanRun } from '../../src/session/preflight.ts';
import { sessionRig } from './rig.ts';

const script = new URL(import.meta.url).pathname;

async function machine(runtime = 'runc') {
  const rig = await sessionRig();
  rig.write({ 'bin/runc': '#!/bin/sh\n', 'bin/unshare': '#!/bin/sh\n', 'bin/setpriv': '#!/bin/sh\n' });
  for (const name of ['runc', 'unshare', 'setpriv']) chmodSync(join(rig.dir, 'bin', name), 0o755);
  return { runtime, workerEnv: { PATH: join(rig.dir, 'bin') }, workerScript: script };
}

const obstacle = { message: 'switched off', hint: 'sudo sysctl -w x=1', isCertain: true };

test('namespaces that the kernel refuses are an error with the command that opens them', async () => {
  const options = await machine();
  expect(() => assertCanRun(options, obstacle)).toThrow(
    expect.objectContaining({ code: 'sandbox-unavailable', message: 'switched off', hint: 'sudo sysctl -w x=1' }),
  );
});

test('what may be refused is left for the worker to try', async () => {
  const options = await machine();
  assertCanRun(options, { ...obstacle, isCertain: false });
});

test('programs that are missing are named with their package', async () => {
  const options = await machine('no-such-runtime');
  expect(() => assertCanRun(options, obstacle)).toThrow(
    expect.objectContaining({ code: 'runtime-missing', message: 'the OCI runtime no-such-runtime is not installed' }),
  );
  const elsewhere = { ...options, runtime: 'runc', workerScript: '/nowhere' };
  expect(() => assertCanRun(elsewhere, undefined)).toThrow(expect.objectContaining({ code: 'setup-missing' }));
});
