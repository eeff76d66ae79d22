import { expect, test } from 'vitest';
import type { RelPath } from '../../src/util/rel-path.ts';
import type { LowerChoice, WorkerMount } from '../../src/worker/protocol.ts';
import { dir, WorkerRig } from './rig.ts';

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

/** One that any device cgroup lets pass. */
const ZERO = { type: 'character', mode: 0o666, devMajor: 1, devMinor: 5 } as const;
const OPENS = (path: string): string => `head -c 1 ${path} > /dev/null 2>&1 && echo opened || echo closed;`;

test.each<LowerChoice>(['erofs', 'directory', 'copy'])(
  '%s: a device node of an image, of a mount or of a cache is a name and nothing more',
  async (lower) => {
    await using rig = await WorkerRig.setup(lower);
    const stack = [rig.busybox(), rig.layer([dir('n'), { path: 'n/zero' as RelPath, ...ZERO }])];
    const from = { type: 'stack', stack, source: '/n' } as const;
    const mounts: WorkerMount[] = [
      { ...from, target: '/ro', readOnly: true },
      { ...from, target: '/rw', readOnly: false },
      {
        ...{ type: 'cache', name: 'c', target: '/c', sharing: 'shared', readOnly: false },
        ...{ mode: 0o755, uid: 0, gid: 0 },
      },
    ];
    const script = `mknod /made c 1 5; mknod /c/made c 1 5; ${['/n/zero', '/ro/zero', '/rw/zero', '/made', '/c/made', '/dev/zero'].map(OPENS).join('')}
      stat -c '%F' /n/zero`;
    const ran = await rig.run(stack, script, { mounts });
    expect(ran.stdout).toBe(`${'closed\n'.repeat(5)}opened\ncharacter special file\n`);
    expect(rig.paths(ran)).toContainEqual(expect.stringContaining('made'));
    const insecure = await rig.run(stack, OPENS('/n/zero'), { security: 'insecure' });
    expect(insecure.stdout).toBe('opened\n');
  },
);
