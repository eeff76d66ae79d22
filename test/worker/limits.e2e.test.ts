import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { WorkerRig } from './rig.ts';

const MEMORY = 32 * 1024 * 1024;

test('a RUN that wants more memory than it may have is told so, with its peak', async () => {
  await using rig = await WorkerRig.setup();
  const reply = await rig.run([rig.busybox()], 'tail /dev/zero', { limits: { memoryBytes: MEMORY } });
  expect(reply).toMatchObject({ outcome: 'exited', exitCode: 137, isOutOfMemory: true });
  expect(reply.outcome === 'exited' && reply.maxRssBytes).toBeGreaterThan(MEMORY * 0.9);
  expect(reply.outcome === 'exited' && reply.maxRssBytes).toBeLessThan(MEMORY * 1.1);
});

test('a RUN that is killed otherwise is not told so; the report has its peak and its processor time', async () => {
  await using rig = await WorkerRig.setup();
  const killed = await rig.run([rig.busybox()], 'kill -9 $$', { limits: { memoryBytes: MEMORY, cpus: 0.5 } });
  expect(killed).not.toHaveProperty('isOutOfMemory');
  const reply = await rig.run([rig.busybox()], 'dd if=/dev/zero of=/dev/shm/x bs=1M count=20');
  expect(reply.outcome === 'exited' && reply.maxRssBytes).toBeGreaterThan(20 * 1024 * 1024);
  expect(reply.outcome === 'exited' && reply.cpuMs).toBeGreaterThanOrEqual(0);
});

test('a RUN that takes too long is killed, and says why', async () => {
  await using rig = await WorkerRig.setup();
  const reply = await rig.run([rig.busybox()], 'sleep 98761', { limits: { timeoutMs: 300 } });
  expect(reply).toMatchObject({ outcome: 'killed', isTooLate: true });
  expect(readdirSync(`${rig.root}/run`)).toEqual([]);
  expect(await rig.run([rig.busybox()], 'true')).toMatchObject({ outcome: 'exited', exitCode: 0 });
});
