import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { WorkerMount } from '../../src/worker/protocol.ts';
import { dir, file, layerOf, link, WorkerRig } from './rig.ts';

type Cache = Extract<WorkerMount, { type: 'cache' }>;

function cache(more: Partial<Cache> = {}): Cache {
  return {
    type: 'cache',
    name: '["/cache",0]',
    target: '/cache',
    sharing: 'shared',
    readOnly: false,
    mode: 0o755,
    uid: 0,
    gid: 0,
    ...more,
  };
}

test('mount points leave no trace, in missing directories nor in existing ones', async () => {
  await using rig = await WorkerRig.setup();
  const base = rig.busybox();
  const below = rig.layer([dir('dst', { mtimeSec: 7, mode: 0o700, uid: 3 }), dir('dst/private'), link('way', 'dst')]);
  const context = rig.layer([file('a.txt', 'a')]);
  const mounts: WorkerMount[] = [
    { type: 'tmpfs', target: '/a/b/c' },
    { type: 'stack', stack: [context], source: '/', target: '/dst/private', readOnly: true },
    { type: 'stack', stack: [context], source: '/a.txt', target: '/way/file', readOnly: true },
    { type: 'file', content: 'czNjcjN0', target: '/run/secrets/x', mode: 0o400, uid: 0, gid: 0 },
    cache(),
  ];
  const ran = await rig.run(
    [base, below],
    'cat /dst/private/a.txt /way/file /run/secrets/x; ls -d /a/b/c /cache; stat -c "%a %u %Y" /dst',
    { mounts },
  );
  expect(ran.stdout).toBe('aas3cr3t/a/b/c\n/cache\n700 3 7\n');
  expect(rig.paths(ran)).toEqual([]);
  const wrote = await rig.run([base, below], 'touch /run/other /dst/new', { mounts });
  expect(rig.paths(wrote)).toEqual(['dst/', 'dst/new', 'run/', 'run/other']);
  expect(rig.entries(layerOf(wrote))[0]).toMatchObject({ path: 'dst', mode: 0o700, uid: 3 });
});

test.each(['auto', 'copy'] as const)(
  'mount points that are left empty go, whatever the RUN did to them (%s)',
  async (lower) => {
    await using rig = await WorkerRig.setup(lower);
    const base = rig.busybox();
    const mounts: WorkerMount[] = [
      { type: 'tmpfs', target: '/a/b/c' },
      { type: 'tmpfs', target: '/a/d' },
      { type: 'file', content: '', target: '/run/secrets/x', mode: 0o400, uid: 0, gid: 0 },
      { type: 'tmpfs', target: '/kept/e/f' },
    ];
    const startedSec = Math.floor(Date.now() / 1000);
    const ran = await rig.run(
      [base],
      'chmod 700 /a; chown 5 /a/b; echo t > /a/b/t; rm /a/b/t; mkdir /run/secrets/y; rmdir /run/secrets/y; mkdir /kept/e/own',
      { mounts },
    );
    expect(rig.paths(ran)).toEqual(['kept/', 'kept/e/', 'kept/e/own/']);
    for (const { mtimeSec } of rig.entries(layerOf(ran))) expect(mtimeSec).toBeGreaterThanOrEqual(startedSec);
  },
);

test('a stack is read-only, or forgets what is written', async () => {
  await using rig = await WorkerRig.setup();
  const base = rig.busybox();
  const other = [
    rig.layer([dir('o'), file('o/f', 'one'), file('o/g', 'g')]),
    rig.layer([file('o/g', '', { whiteout: true }), dir('o')]),
  ];
  const mount = (readOnly: boolean): WorkerMount => ({
    type: 'stack',
    stack: other,
    source: '/o',
    target: '/ctx',
    readOnly,
  });
  const ro = await rig.run([base], 'ls /ctx; touch /ctx/new 2>/dev/null || echo read-only', { mounts: [mount(true)] });
  expect(ro.stdout).toBe('f\nread-only\n');
  const rw = await rig.run([base], 'echo two > /ctx/f; touch /ctx/new; cat /ctx/f', { mounts: [mount(false)] });
  expect(rw.stdout).toBe('two\n');
  expect((await rig.run([base], 'cat /ctx/f; ls /ctx', { mounts: [mount(true)] })).stdout).toBe('onef\n');
});

test('mounts lie inside mounts, whatever their order, also in a read-only one', async () => {
  await using rig = await WorkerRig.setup();
  const base = rig.busybox();
  const context = rig.layer([file('a.txt', 'a'), dir('sub'), file('sub/f', 'f')]);
  const stack = (source: string, target: string, readOnly: boolean): WorkerMount => ({
    type: 'stack',
    stack: [context],
    source,
    target,
    readOnly,
  });
  for (const readOnly of [false, true]) {
    const mounts = [
      stack('/sub', '/outer/tmp/in', true),
      { type: 'tmpfs', target: '/outer/tmp' } as const,
      stack('/', '/outer', readOnly),
    ];
    const ran = await rig.run([base], 'cat /outer/tmp/in/f /outer/a.txt', { mounts });
    expect(ran).toMatchObject({ stdout: 'fa', stderr: '' });
  }
});

test('a source is looked up in its own stack: links do not lead out of it', async () => {
  await using rig = await WorkerRig.setup();
  const base = rig.busybox();
  const evil = rig.layer([
    link('out', '/etc/shadow'),
    link('up', '../../../../etc'),
    dir('etc'),
    file('etc/shadow', 'mine'),
  ]);
  const mounts: WorkerMount[] = [
    { type: 'stack', stack: [evil], source: '/out', target: '/x', readOnly: true },
    { type: 'stack', stack: [evil], source: 'up', target: '/y', readOnly: true },
  ];
  expect((await rig.run([base], 'cat /x /y/shadow', { mounts })).stdout).toBe('minemine');
  const none: WorkerMount = { type: 'stack', stack: [evil], source: '/none', target: '/x', readOnly: true };
  await expect(rig.run([base], 'true', { mounts: [none] })).rejects.toMatchObject({
    code: 'mount-failed',
    message: /\/none/,
  });
});

test('a cache keeps its files; name, mode, owner and seed make it what it is', async () => {
  await using rig = await WorkerRig.setup();
  const base = rig.busybox();
  const seedLayer = rig.layer([
    dir('s', { mode: 0o750, uid: 9 }),
    file('s/a', 'seeded', { linkGroup: 's/a' }),
    link('s/b', 's/a', 'hardlink'),
  ]);
  await rig.run([base], 'echo one > /cache/f', { mounts: [cache()] });
  const seen = await rig.run([base], 'cat /by/f; touch /by/x 2>/dev/null || echo ro', {
    mounts: [cache({ target: '/by', readOnly: true })],
  });
  expect(seen.stdout).toBe('one\nro\n');
  const custom = cache({ name: 'other', mode: 0o2700, uid: 1234, gid: 2345 });
  expect((await rig.run([base], 'stat -c "%a %u %g" /cache; ls /cache | wc -l', { mounts: [custom] })).stdout).toBe(
    '2700 1234 2345\n0\n',
  );
  const seeded = cache({ name: 'seeded', seed: { stack: [seedLayer], source: '/s' } });
  expect(
    (
      await rig.run([base], 'cat /cache/a; stat -c %h /cache/b; touch /cache/c; stat -c "%a %u" /cache', {
        mounts: [seeded],
      })
    ).stdout,
  ).toBe('seeded2\n750 9\n');
  expect((await rig.run([base], 'ls /cache', { mounts: [seeded] })).stdout).toBe('a\nb\nc\n');
  const one = cache({ name: 'file', target: '/one', seed: { stack: [seedLayer], source: '/s/a' } });
  expect((await rig.run([base], 'cat /one; echo more >> /one', { mounts: [one] })).stdout).toBe('seeded');
  expect((await rig.run([base], 'cat /one', { mounts: [one] })).stdout).toBe('seededmore\n');
});

test('a locked cache is for one RUN at a time, private ones are apart', async () => {
  await using rig = await WorkerRig.setup();
  const base = rig.busybox();
  const script = 'test ! -e /cache/busy && touch /cache/busy && sleep 0.1 && rm /cache/busy';
  const locked = await Promise.all(
    [1, 2, 3].map(() => rig.run([base], script, { mounts: [cache({ sharing: 'locked' })] })),
  );
  expect(locked.map((ran) => ran.outcome === 'exited' && ran.exitCode)).toEqual([0, 0, 0]);
  const apart = await Promise.all(
    [1, 2].map(() => rig.run([base], script, { mounts: [cache({ name: 'p', sharing: 'private' })] })),
  );
  expect(apart.map((ran) => ran.outcome === 'exited' && ran.exitCode)).toEqual([0, 0]);
});

test('a cache that one RUN mounts twice is one directory, whatever the sharing', async () => {
  await using rig = await WorkerRig.setup();
  const base = rig.busybox();
  for (const sharing of ['shared', 'private', 'locked'] as const) {
    const mounts = ['/one', '/two'].map((target) => cache({ name: sharing, sharing, target }));
    const ran = await rig.run([base], 'echo hi > /one/f; cat /two/f', { mounts });
    expect(ran).toMatchObject({ stdout: 'hi\n', exitCode: 0 });
  }
});

test('RUNs that lock the same caches in other orders wait for each other, not forever', async () => {
  await using rig = await WorkerRig.setup();
  const base = rig.busybox();
  const locked = (...names: readonly string[]) =>
    names.map((name, index) => cache({ name, target: `/c${index}`, sharing: 'locked' }));
  const ran = await Promise.all(
    [locked('a', 'b'), locked('b', 'a'), locked('b', 'c', 'a')].map((mounts) =>
      rig.run([base], 'sleep 0.1', { mounts }),
    ),
  );
  expect(ran.map((one) => one.outcome === 'exited' && one.exitCode)).toEqual([0, 0, 0]);
});

test('a path in a cache is a directory or a file of it, and never leads out', async () => {
  await using rig = await WorkerRig.setup();
  const base = rig.busybox();
  await rig.run(
    [base],
    'cd /cache; mkdir -p a/b; echo in > a/b/f; ln -s /a/b way; ln -s /etc/passwd out; ln -s a/b/f f',
    {
      mounts: [cache()],
    },
  );
  const at = (subpath: string, target: string) => cache({ subpath, target });
  const mounts = [at('/way', '/dir'), at('/f', '/one'), cache({ subpath: '/a', target: '/ro', readOnly: true })];
  const ran = await rig.run([base], 'cat /dir/f /one; echo more > /dir/g; cat /ro/b/g; touch /ro/x 2>&1 || true', {
    mounts,
  });
  expect(ran.stdout).toMatch(/^in\nin\nmore\n.*Read-only/);
  for (const subpath of ['/none', '/out', '/../../etc/passwd'])
    await expect(rig.run([base], 'true', { mounts: [at(subpath, '/m')] })).rejects.toMatchObject({
      code: 'mount-failed',
      message: new RegExp(`${subpath} of the cache mount at /m is not in the cache`),
    });
});

test('a file has its mode and owner, cannot be written, and never touches the disk', async () => {
  await using rig = await WorkerRig.setup();
  const base = rig.busybox();
  const secret: WorkerMount = {
    type: 'file',
    content: Buffer.from('top').toString('base64'),
    target: '/etc/key',
    mode: 0o440,
    uid: 1234,
    gid: 2345,
  };
  const ran = await rig.run([base], 'stat -c "%a %u %g" /etc/key; grep " /etc/key " /proc/mounts; echo x > /etc/key', {
    mounts: [secret],
  });
  expect(ran.stdout).toMatch(/^440 1234 2345\ntmpfs \/etc\/key tmpfs ro,nosuid,nodev,noexec/);
  expect(ran).toMatchObject({ outcome: 'exited', exitCode: 1 });
  const pipe: WorkerMount = {
    type: 'file',
    content: Buffer.from('#!/bin/sh\necho ran').toString('base64'),
    target: '/dev/pipes/EOF',
    mode: 0o755,
    uid: 0,
    gid: 0,
  };
  expect((await rig.run([base], ['/dev/pipes/EOF'], { mounts: [pipe] })).stdout).toBe('ran\n');
});

test('an agent is a socket of the RUN’s own, with the mode and owner that are asked for', async () => {
  await using rig = await WorkerRig.setup();
  const agent = { type: 'agent', source: join(rig.dir, 'none'), mode: 0o741, uid: 100, gid: 102 } as const;
  const mounts = ['/run/agent', '/home/other'].map((target) => ({ ...agent, target }));
  const ran = await rig.run([rig.busybox()], 'stat -c "%F %a %u %g" /run/agent /home/other', { mounts });
  expect(ran.stdout).toBe('socket 741 100 102\n'.repeat(2));
  expect(rig.paths(ran)).toEqual([]);
});

test('files, directories and sockets of the host', async () => {
  await using rig = await WorkerRig.setup();
  const base = rig.busybox();
  const host = join(rig.dir, 'host');
  mkdirSync(host);
  writeFileSync(join(host, 'ca.pem'), 'ca');
  const server = createServer((socket) => socket.end('agent')).listen(join(host, 'agent'));
  const mounts: WorkerMount[] = [
    { type: 'host', source: join(host, 'ca.pem'), target: '/run/ca.pem', readOnly: true },
    { type: 'host', source: join(host, 'agent'), target: '/run/agent', readOnly: false },
  ];
  const ran = await rig.run([base], 'cat /run/ca.pem; test -S /run/agent && echo socket; echo x > /run/ca.pem', {
    mounts,
  });
  server.close();
  expect(ran).toMatchObject({ stdout: 'casocket\n', exitCode: 1 });
  const gone: WorkerMount = { type: 'host', source: join(host, 'none'), target: '/x', readOnly: true };
  await expect(rig.run([base], 'true', { mounts: [gone] })).rejects.toMatchObject({ code: 'mount-failed' });
});

test('tmpfs is empty, limited and gone afterwards', async () => {
  await using rig = await WorkerRig.setup();
  const base = rig.busybox();
  const mounts: WorkerMount[] = [{ type: 'tmpfs', target: '/bin/t', sizeBytes: 1 << 20 }];
  const ran = await rig.run(
    [base],
    '(head -c 3000000 /dev/zero > /bin/t/big) 2>/dev/null || echo full; grep -c " /bin/t tmpfs" /proc/mounts',
    { mounts },
  );
  expect(ran.stdout).toBe('full\n1\n');
  expect(rig.paths(ran)).toEqual([]);
  const modes = await rig.run([base], 'stat -c "%a %u" /new /home/app', {
    mounts: ['/new', '/home/app'].map((target) => ({ type: 'tmpfs', target })),
  });
  expect(modes.stdout).toBe('1777 0\n755 0\n');
  const closed = await rig.run([base], 'touch /t/f 2>&1 || true', {
    mounts: [{ type: 'tmpfs', target: '/t', readOnly: true }],
  });
  expect(closed.stdout).toContain('Read-only');
});

test('what is in the way of a mount is named', async () => {
  await using rig = await WorkerRig.setup();
  const mounts: WorkerMount[] = [{ type: 'tmpfs', target: '/etc/passwd/x' }];
  await expect(rig.run([rig.busybox()], 'true', { mounts })).rejects.toMatchObject({
    code: 'mount-failed',
    message: /\/etc\/passwd is not a directory/,
  });
});
