import { execFileSync } from 'node:child_process';
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { DiffID } from '../../cache/index.ts';
import type { LowerChoice, RunRequest, WorkerMount } from '../../src/worker/protocol.ts';
import { failedSteps } from '../rig/failed-steps.ts';
import { processesWith } from '../rig/traces.ts';
import { bundle, busyboxLayer, dir, drive, file, layerOf, makeRoot, PATH, WorkerRig, writeTestLayer } from './rig.ts';

const USER = 'tsbuild-test';

/** A root that belongs to an ordinary user. Only root can set this up, and root is what the tests run as. */
class UserRig implements Disposable {
  readonly dir = mkdtempSync(join(tmpdir(), 'tsbuild-user-'));
  readonly root = join(this.dir, 'home', 'root');

  static async setup(): Promise<UserRig> {
    const rig = new UserRig();
    try {
      execFileSync('id', [USER], { stdio: 'ignore' });
    } catch {
      execFileSync('useradd', ['--create-home', '--shell', '/bin/sh', USER]);
    }
    await bundle(rig.dir);
    mkdirSync(join(rig.dir, 'home'));
    makeRoot(rig.root);
    return rig;
  }

  /** What root prepared becomes the user's. */
  handOver(): void {
    execFileSync('chown', ['-R', `${USER}:`, join(this.dir, 'home')]);
    chmodSync(this.dir, 0o755);
  }

  async drive(
    requests: readonly RunRequest[],
    { as = [], path = PATH, lower = 'auto' }: { as?: readonly string[]; path?: string; lower?: LowerChoice } = {},
  ) {
    const user = [
      'setpriv',
      `--reuid=${USER}`,
      `--regid=${USER}`,
      '--init-groups',
      'env',
      '-i',
      `PATH=${PATH}`,
      `HOME=${this.dir}/home`,
    ];
    const driver = drive(this.dir, { root: this.root, requests, path, lower }, [...as, ...user]);
    await driver.ended;
    const replies = driver.lines.flatMap((line) =>
      'reply' in line ? [line['reply'] as { outcome: string; exitCode: number; layer?: { diffID: DiffID } }] : [],
    );
    const text = driver.lines.map((line) => (typeof line['text'] === 'string' ? line['text'] : '')).join('');
    return { replies, text, lines: driver.lines };
  }

  [Symbol.dispose](): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}

const SCRIPT = `
  mkdir -p /new/deep && echo x > /new/deep/f && ln /new/deep/f /new/g && chown 1000:1000 /new/g && chmod 4755 /new/g
  rm /data/gone && rm -r /data/sub && mkdir /data/sub && echo y > /data/sub/z && mkfifo /fifo
  chmod 700 /data/cap && find /new /data /fifo -exec touch -h -d @1000000000 {} +`;

function dataLayer(root: string): DiffID {
  const capability = Buffer.from('0100000200040000000000000000000000000000', 'hex');
  return writeTestLayer(root, [
    dir('data', { uid: 33, gid: 44 }),
    file('data/gone', 'gone'),
    dir('data/sub'),
    file('data/sub/f', 'f'),
    file('data/cap', 'c', { uid: 65_000, xattrs: new Map([['security.capability', capability]]) }),
  ]);
}

test('an ordinary user’s RUN makes the layer that root’s makes', async () => {
  await using rig = await WorkerRig.setup();
  const asRoot = await rig.run([rig.busybox(), dataLayer(rig.root)], SCRIPT);
  expect(asRoot.stderr).toBe('');

  using user = await UserRig.setup();
  const stack = [busyboxLayer(user.root), dataLayer(user.root)];
  user.handOver();
  const check = rig.request(
    [...stack, layerOf(asRoot)],
    'stat -c "%n %u %a" /data /data/cap /new/g; ls -a /data/sub; cat /new/g',
    {
      logFile: join(user.root, 'logs/run.log'),
    },
  );
  const asUser = await user.drive([rig.request(stack, SCRIPT, { logFile: join(user.root, 'logs/run.log') }), check]);
  expect(asUser.text).toBe('/data 33 755\n/data/cap 65000 700\n/new/g 1000 4755\n.\n..\nz\nx\n');
  expect(asUser.lines).toContainEqual(
    expect.objectContaining({
      probe: expect.objectContaining({
        ...{ userNamespace: true, overlay: true, lowers: ['directory'] },
        notes: ['layers are unpacked into directories: EROFS cannot be mounted in a user namespace'],
      }),
    }),
  );
  expect(asUser.replies[0]?.layer?.diffID).toBe(layerOf(asRoot));
  expect(processesWith(user.dir)).toEqual([]);
  const forced = await user.drive([check], { lower: 'erofs' });
  expect(forced.lines).toContainEqual({ error: expect.objectContaining({ code: 'lower-refused' }) });
});

test('the sandbox of an ordinary user: network none, mounts, users, limits', async () => {
  await using rig = await WorkerRig.setup();
  using user = await UserRig.setup();
  const base = busyboxLayer(user.root);
  const context = writeTestLayer(user.root, [file('a.txt', 'a')]);
  user.handOver();
  const logFile = join(user.root, 'logs/run.log');
  const mounts: WorkerMount[] = [
    { type: 'stack', stack: [context], source: '/', target: '/ctx', readOnly: true },
    { type: 'file', content: 'c2VjcmV0', target: '/run/secrets/s', mode: 0o400, uid: 1234, gid: 0 },
    {
      type: 'cache',
      name: 'c',
      target: '/cache',
      sharing: 'locked',
      readOnly: false,
      mode: 0o700,
      uid: 1234,
      gid: 2345,
    },
    { type: 'cache', name: 'd', target: '/ro', sharing: 'shared', readOnly: true, mode: 0o755, uid: 0, gid: 0 },
    { type: 'host', source: join(user.dir, 'worker.mjs'), target: '/host', readOnly: true },
    { type: 'tmpfs', target: '/t' },
  ];
  const script = `id -u; cat /ctx/a.txt /run/secrets/s; stat -c %u /cache; touch /cache/x; touch /ro/x 2>/dev/null || echo ro; (echo x > /host) 2>/dev/null || echo ro
    touch /t/x; ls /sys/class/net; echo > /dev/null; echo out > /dev/stdout`;
  const process = { argv: ['/bin/sh', '-c', script], env: [`PATH=${PATH}`], cwd: '/', user: 'app' };
  const ulimits = [{ name: 'nofile', soft: 100, hard: 1_000_000 }];
  const { text, replies } = await user.drive([
    rig.request([base], '', { logFile, mounts, process, ulimits, network: 'none' }),
    rig.request(
      [base],
      'ls /sys/class > /dev/null; ls /dev/pts; cat /proc/self/cgroup > /dev/null && ls /sys/fs/cgroup > /dev/null && echo ok',
      { logFile },
    ),
  ]);
  expect(text).toBe('1234\nasecret1234\nro\nro\nlo\nout\nptmx\nok\n');
  expect(replies.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
});

test('paths in caches and agents of an ordinary user', async () => {
  await using rig = await WorkerRig.setup();
  using user = await UserRig.setup();
  const base = busyboxLayer(user.root);
  user.handOver();
  const logFile = join(user.root, 'logs/run.log');
  const cache = { type: 'cache', name: 'c', sharing: 'locked', mode: 0o755, uid: 1234, gid: 5 } as const;
  const whole: WorkerMount = { ...cache, target: '/c', readOnly: false };
  const mounts: WorkerMount[] = [
    whole,
    { ...cache, target: '/sub', subpath: '/way', readOnly: false },
    { ...cache, target: '/ro', subpath: '/a', readOnly: true },
    { type: 'agent', source: '/none', target: '/agent', mode: 0o741, uid: 100, gid: 102 },
    { type: 'tmpfs', target: '/t', readOnly: true },
  ];
  const { text, replies } = await user.drive([
    rig.request([base], 'mkdir /c/a; ln -s /a /c/way', { logFile, mounts: [whole] }),
    rig.request(
      [base],
      'echo x > /sub/f; cat /c/a/f /ro/f; for d in ro t; do touch /$d/g 2> /dev/null || echo $d; done; stat -c "%F %a %u %g" /agent',
      { logFile, mounts },
    ),
  ]);
  expect(text).toBe('x\nx\nro\nt\nsocket 741 100 102\n');
  expect(replies.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
});

test.each(['cache', 'file'] as const)(
  'a %s that is to belong to nobody of an ordinary user’s sub-ids is refused in words',
  async (type) => {
    await using rig = await WorkerRig.setup();
    using user = await UserRig.setup();
    const base = busyboxLayer(user.root);
    user.handOver();
    const owner = { target: '/m', mode: 0o700, uid: 4_000_000_000, gid: 0 };
    const mount: WorkerMount =
      type === 'file'
        ? { type, content: '', ...owner }
        : { type, name: 'c', sharing: 'shared', readOnly: false, ...owner };
    const logFile = join(user.root, 'logs/run.log');
    const { lines } = await user.drive([rig.request([base], 'true', { logFile, mounts: [mount] })]);
    const message = `the ${type} at /m is to belong to 4000000000:0, which is outside of your sub-id ranges`;
    expect(lines.find((line) => 'error' in line)).toMatchObject({ error: { code: 'mount-failed', message } });
  },
);

test('what a failed RUN of an ordinary user wrote is kept as it is, and the next one takes its sub-ids’ files away', async () => {
  const rig = await WorkerRig.setup();
  using user = await UserRig.setup();
  const stack = [busyboxLayer(user.root)];
  user.handOver();
  const logFile = join(user.root, 'logs/run.log');
  const failing = rig.request(stack, 'echo x > /made; chown 1234:5 /made; false', { logFile });
  await user.drive(Array.from({ length: 10 }, () => failing));
  const kept = failedSteps(user.root);
  expect(kept).toHaveLength(8);
  const uids = kept.map(({ id }) => lstatSync(join(user.root, 'failed', id, 'upper/made')).uid);
  expect(Math.min(...uids)).toBeGreaterThan(1234);
  await rig[Symbol.asyncDispose]();
});

test('a device of the host is given to an ordinary user’s RUN as the user has it', async () => {
  await using rig = await WorkerRig.setup();
  using user = await UserRig.setup();
  const stack = [busyboxLayer(user.root)];
  user.handOver();
  const devices = [{ name: '/dev/zero:/dev/mine', isRequired: true }];
  const logFile = join(user.root, 'logs/run.log');
  const ran = await user.drive([rig.request(stack, 'head -c 3 /dev/mine | wc -c', { devices, logFile })]);
  expect(ran.text).toBe('3\n');
});

test('without sub-ids there is one id: that is said, and a plain RUN works', async () => {
  await using rig = await WorkerRig.setup();
  using user = await UserRig.setup();
  const base = busyboxLayer(user.root);
  user.handOver();
  const hidden = ['unshare', '--mount', 'sh', '-c', 'mount --bind /dev/null /etc/subuid && exec "$@"', 'sh'];
  const { lines, text, replies } = await user.drive(
    [
      rig.request([base], 'echo x > /x; stat -c %u /home/app; ls -d /proc/self', {
        logFile: join(user.root, 'logs/run.log'),
      }),
    ],
    { as: hidden },
  );
  expect(lines.find((line) => 'warning' in line)).toMatchObject({ warning: expect.stringContaining('no sub-ids') });
  expect(text).toBe('0\n/proc/self\n');
  expect(replies).toMatchObject([{ outcome: 'exited', exitCode: 0, layer: {} }]);
});

test('where user namespaces are refused, it is said with a hint', async () => {
  using user = await UserRig.setup();
  const fake = join(user.dir, 'bin');
  mkdirSync(fake);
  writeFileSync(
    join(fake, 'unshare'),
    '#!/bin/sh\necho "unshare: unshare failed: Operation not permitted" >&2; exit 1\n',
    { mode: 0o755 },
  );
  user.handOver();
  const { lines } = await user.drive([], { path: `${fake}:${PATH}` });
  expect(lines.find((line) => 'error' in line)).toMatchObject({
    error: { code: 'sandbox-unavailable', hint: expect.anything() },
  });
});
