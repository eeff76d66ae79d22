import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { PATH, WorkerRig } from './rig.ts';

const V2 = 'umount -R /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup';
const READ_ONLY = 'umount -R /sys/fs/cgroup; mount -t cgroup2 -o ro none /sys/fs/cgroup';
const NOTHING = 'umount -R /sys/fs/cgroup';

/** Device 254:0 may be a disk of the host: whatever the machine's cgroups are, a RUN cannot open it. */
const SCRIPT =
  'mknod /dev/disk b 254 0; head -c 1 /dev/disk > /dev/null || echo refused; echo > /dev/null && echo fine';

const NOTE = 'RUNs may make no device nodes (CAP_MKNOD)';

test.each([
  ['are version 2', V2, false],
  ['cannot be made', READ_ONLY, true],
  ['are not mounted', NOTHING, false],
])('a RUN of root runs, and opens no disk, where cgroups %s', async (_, prepare, isSaid) => {
  await using rig = await WorkerRig.setup();
  const order = { root: rig.root, script: rig.script, path: PATH, requests: [rig.request([rig.busybox()], SCRIPT)] };
  const inside = ['sh', '-c', `${prepare}; exec "$@"`, 'sh', process.execPath, `${rig.dir}/driver.mjs`];
  const said = execFileSync('unshare', ['--mount', ...inside, JSON.stringify(order)], { encoding: 'utf8' });
  expect(said).toContain('refused\\n');
  expect(said).toContain('fine\\n');
  expect(said).toContain('"exitCode":0');
  expect(said.includes(NOTE)).toBe(isSaid);
});
