import { expect, test } from 'vitest';
import { WorkerRig } from './rig.ts';

test('a RUN that does nothing makes an empty layer', async () => {
  await using rig = await WorkerRig.setup();
  const base = rig.busybox();
  const t0 = performance.now();
  await rig.worker();
  const t1 = performance.now();
  const ran = await rig.run([base], 'true');
  const t2 = performance.now();
  console.log('start', t1 - t0, 'first', t2 - t1);
  expect(ran).toMatchObject({ outcome: 'exited', exitCode: 0, stderr: '' });
  expect(rig.paths(ran)).toEqual([]);
  for (let i = 0; i < 5; i++) { const a = performance.now(); await rig.run([base], 'true'); console.log('again', performance.now() - a); }
});
