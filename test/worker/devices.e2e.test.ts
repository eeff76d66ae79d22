import { expect, test } from 'vitest';
import { WorkerRig } from './rig.ts';

test('a RUN opens the devices that it was given, and no others', async () => {
  await using rig = await WorkerRig.setup();
  const base = rig.busybox();
  const devices = [
    { name: '/dev/zero:/dev/dir/mine', isRequired: true },
    { name: 'vendor.com/class=gpu', isRequired: false },
  ];
  const ran = await rig.run([base], 'head -c 3 /dev/dir/mine | wc -c; stat -c %t,%T /dev/dir/mine; ls /dev | wc -l', {
    devices,
  });
  expect(ran.stdout).toMatch(/^3\n1,5\n/);
  expect(rig.paths(ran)).toEqual([]);
  expect(rig.warnings).toContainEqual(expect.stringContaining('vendor.com/class=gpu is left out'));
  const without = await rig.run([base], 'ls /dev/dir');
  expect(without).toMatchObject({ exitCode: 1 });
  const required = rig.run([base], 'true', { devices: [{ name: '/dev/not-there', isRequired: true }] });
  await expect(required).rejects.toMatchObject({ code: 'device-unavailable' });
});
