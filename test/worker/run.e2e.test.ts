import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dir, file, layerOf, link, WorkerRig } from './rig.ts';

const LOWERS = ['erofs', 'directory', 'copy'] as const;

test('a RUN that changes nothing makes an empty layer', async () => {
  await using rig = await WorkerRig.setup();
  const base = rig.busybox();
  const ran = await rig.run([base], 'true; touch /x && rm /x; cat /etc/passwd > /dev/null');
  expect(ran).toMatchObject({ outcome: 'exited', exitCode: 0, stdout: '', stderr: '' });
  expect(rig.paths(ran)).toEqual([]);
  expect(layerOf(await rig.run([base, layerOf(ran)], 'true'))).toBe(layerOf(ran));
});

test('exit codes are the command’s, of a signal 128 + n, of a missing command a shell’s', async () => {
  await using rig = await WorkerRig.setup();
  const base = rig.busybox();
  expect(await rig.run([base], 'exit 3')).toMatchObject({ outcome: 'exited', exitCode: 3 });
  expect(await rig.run([base], "sh -c 'kill -9 $$'; exit $?")).toMatchObject({ exitCode: 137 });
  const missing = await rig.run([base], ['/no/such/binary', 'x']);
  expect(missing).toMatchObject({ exitCode: 127 });
  expect(missing.stderr).toContain('/no/such/binary');
  expect(await rig.run([base], ['/etc/passwd'])).toMatchObject({ exitCode: 126 });
  expect(await rig.run([], 'echo hi')).toMatchObject({ exitCode: 127 });
});

test('output comes by stream, as bytes, and is in the log in full', async () => {
  await using rig = await WorkerRig.setup();
  const base = rig.busybox();
  const ran = await rig.run(
    [base],
    'echo out; echo err >&2; echo again > /dev/stdout; head -c 300000 /dev/zero | tr "\\0" x',
  );
  expect(ran.stdout).toBe(`out\nagain\n${'x'.repeat(300_000)}`);
  expect(ran.stderr).toBe('err\n');
  expect(readFileSync(join(rig.root, 'logs/run.log')).length).toBe(300_000 + 'out\nerr\nagain\n'.length);
});

test.each(LOWERS)(
  '%s: changes become a layer: removals, replaced directories, hard links, special files',
  async (lower) => {
    await using rig = await WorkerRig.setup(lower);
    const base = rig.busybox();
    const data = rig.layer([
      dir('d'),
      dir('d/sub'),
      file('d/sub/f', 'f'),
      file('d/gone', 'x'),
      dir('keep'),
      file('keep/a', 'a'),
    ]);
    const script = `
    rm /d/gone; rm -r /d/sub && mkdir /d/sub && echo new > /d/sub/new
    mkdir /l && echo x > /l/b && ln /l/b /l/a && ln /l/b /l/c.txt
    mkfifo -m 640 /fifo; mknod -m 666 /null c 1 3; ln -s /d /link; mkdir -p /new/deep`;
    const ran = await rig.run([base, data], script);
    expect(ran.stderr).toBe('');
    expect(rig.paths(ran)).toEqual([
      ...['d/', '-d/gone', 'd/sub/ opaque', 'd/sub/new', 'fifo', 'l/', 'l/a', 'l/b = l/a', 'l/c.txt = l/a'],
      ...['link -> /d', 'new/', 'new/deep/', 'null'],
    ]);
    const seen = await rig.run(
      [base, data, layerOf(ran)],
      'find /d /keep /new | sort; cat /d/sub/new; stat -c %h /l/a; stat -c "%a %F" /fifo',
    );
    // A copy makes each name a file of its own.
    const names = lower === 'copy' ? 1 : 3;
    expect(seen.stdout).toBe(`/d\n/d/sub\n/d/sub/new\n/keep\n/keep/a\n/new\n/new/deep\nnew\n${names}\n640 fifo\n`);
    expect(rig.paths(seen)).toEqual([]);
  },
);

test.each(LOWERS)(
  '%s: modes, owners, times and xattrs of a layer are what a RUN sees, and what it leaves behind',
  async (lower) => {
    await using rig = await WorkerRig.setup(lower);
    const base = rig.busybox();
    const capability = Buffer.from('0100000200040000000000000000000000000000', 'hex');
    const data = rig.layer([
      dir('d', { mode: 0o1770, uid: 7, gid: 8, mtimeSec: 1_000_000_000 }),
      file('d/suid', 'x', { mode: 0o6755, uid: 5, gid: 6, mtimeSec: 1_500_000_000, mtimeNsec: 123_456_789 }),
      file('d/cap', 'x', { mode: 0o755, xattrs: new Map([['security.capability', capability]]) }),
      link('d/l', 'nowhere'),
    ]);
    const seen = await rig.run(
      [base, data],
      'stat -c "%n %a %u:%g %Y" /d /d/suid; touch -d @1234567890 /d/new; chmod 700 /d/cap',
    );
    expect(seen.stdout).toBe('/d 1770 7:8 1000000000\n/d/suid 6755 5:6 1500000000\n');
    const [top, cap, fresh] = rig.entries(layerOf(seen));
    expect(top).toMatchObject({ path: 'd', mode: 0o1770, uid: 7, gid: 8 });
    expect(cap).toMatchObject({ path: 'd/cap', mode: 0o700 });
    expect(Buffer.from(cap!.xattrs.get('security.capability')!).equals(capability)).toBe(true);
    expect([...cap!.xattrs.keys()]).toEqual(['security.capability']);
    expect(fresh).toMatchObject({ path: 'd/new', mtimeSec: 1_234_567_890, mtimeNsec: 0, mode: 0o644 });
  },
);

test.each(LOWERS)(
  '%s: the top looks the same to every RUN, whatever a layer or a RUN before says of it',
  async (lower) => {
    await using rig = await WorkerRig.setup(lower);
    const base = rig.layer([dir('', { mode: 0o700, uid: 5, gid: 6 })]);
    const stack = [rig.busybox(), base];
    const ran = await rig.run(stack, 'stat -c "%a %u:%g" /; chmod 711 /; chown 7:8 /; touch /new');
    expect(ran.stdout).toBe('755 0:0\n');
    expect(rig.paths(ran)).toEqual(['new']);
    const next = await rig.run([...stack, layerOf(ran)], 'stat -c "%a %u:%g" /; chmod 700 /');
    expect(next.stdout).toBe('755 0:0\n');
    expect(rig.paths(next)).toEqual([]);
  },
);

test.each(LOWERS)('%s: a directory that was replaced by its like keeps all that is in it', async (lower) => {
  await using rig = await WorkerRig.setup(lower);
  const base = [
    rig.busybox(),
    rig.layer([dir('d'), dir('d/empty'), dir('d/empty/deep'), dir('d/full'), file('d/full/f')]),
  ];
  const ran = await rig.run(base, 'cp -a /d /e; rm -r /d; mv /e /d');
  expect(rig.paths(ran)).toEqual(['d/ opaque', 'd/empty/', 'd/empty/deep/', 'd/full/', 'd/full/f']);
  const seen = await rig.run([...base, layerOf(ran)], 'find /d | sort');
  expect(seen.stdout).toBe('/d\n/d/empty\n/d/empty/deep\n/d/full\n/d/full/f\n');
});

test.each(LOWERS)('%s: what a RUN only touched is not in its layer', async (lower) => {
  await using rig = await WorkerRig.setup(lower);
  const base = [
    rig.busybox(),
    rig.layer([
      dir('d'),
      ...['changed', 'kept', 'owned', 'again'].map((name) => file(`d/${name}`, name, { mtimeSec: 1_000_000_000 })),
      link('d/l', 'nowhere'),
    ]),
  ];
  const ran = await rig.run(
    base,
    `chmod 644 /d/kept; chown 0:0 /d/owned; chown -h 0:0 /d/l; cp -p /d/again /x; mv /x /d/again
     echo CHANGED | head -c 7 > /d/changed; touch -d @1000000000 /d/changed; touch -d @0 /d`,
  );
  expect(rig.paths(ran)).toEqual(['d/', 'd/changed']);
  const times = await rig.run(base, 'touch /d/x; rm /d/x; touch -d @0 /d; stat -c %Y /d');
  expect(times.stdout).toBe('0\n');
  expect(rig.paths(times), 'a directory that has another time alone').toEqual([]);
});

test.each(LOWERS)('%s: another name of a file that was there is a file of its own', async (lower) => {
  await using rig = await WorkerRig.setup(lower);
  const old = { mtimeSec: 1_000_000_000 };
  const base = [rig.busybox(), rig.layer([dir('d'), file('d/f', 'f', old), file('d/g', 'g', old), link('d/l', 'f')])];
  const ran = await rig.run(base, 'ln /d/f /one; ln /d/f /two; ln /d/l /link; ln /d/g /d/h; echo x >> /d/h');
  expect(rig.paths(ran)).toEqual(['d/', 'd/g', 'd/h = d/g', 'link -> f', 'one', 'two = one']);
});

test('the process: pid 1, no terminal, empty input, umask, cwd made for its user, HOME', async () => {
  await using rig = await WorkerRig.setup();
  const base = rig.busybox();
  const process = {
    argv: ['/bin/sh', '-c', 'echo $$; cat; tty; umask; pwd; echo $HOME; id -u; id -G'],
    cwd: '/made/here',
    user: 'app',
  };
  const ran = await rig.run([base], '', { process: { ...process, env: ['PATH=/bin'] }, epoch: 1_500_000_000 });
  expect(ran.stdout).toBe('1\nnot a tty\n0022\n/made/here\n/home/app\n1234\n2345 33\n');
  const owned = { type: 'directory', mode: 0o755, uid: 1234, gid: 2345, mtimeSec: 1_500_000_000 };
  expect(rig.entries(layerOf(ran))).toMatchObject([
    { path: 'made', ...owned },
    { path: 'made/here', ...owned },
  ]);
  await expect(rig.run([base], 'true', { process: { ...process, env: [], user: 'ghost' } })).rejects.toMatchObject({
    code: 'run-user-unknown',
  });
});

test('the sandbox: capabilities, hostname, hosts, limits, read-only /proc and /sys, devices, persistent /run', async () => {
  await using rig = await WorkerRig.setup();
  const base = rig.busybox();
  const ran = await rig.run(
    [base],
    `grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status; hostname; grep db.example /etc/hosts; ulimit -n; ulimit -Hn
     touch /proc/x 2>/dev/null || echo ro-proc; touch /sys/x 2>/dev/null || echo ro-sys; echo 1 > /proc/sys/vm/swappiness || echo ro-sysctl
     for d in null zero full random urandom tty; do test -c /dev/$d || echo no $d; done
     mkdir -p /run && echo y > /run/file; echo x > /dev/shm/x; df -k /dev/shm | awk 'NR==2 { print $2 }'`,
    {
      extraHosts: [{ host: 'db.example', ip: '10.1.2.3' }],
      ulimits: [{ name: 'nofile', soft: 512, hard: 1024 }],
      shmSizeBytes: 33_554_432,
    },
  );
  expect(ran.stdout.split('\n')).toEqual([
    ...['CapInh:\t0000000000000000', 'CapPrm:\t00000000a80425fb', 'CapEff:\t00000000a80425fb'],
    ...['CapBnd:\t00000000a80425fb', 'CapAmb:\t0000000000000000', 'NoNewPrivs:\t0', 'Seccomp:\t2'],
    ...['buildkitsandbox', '10.1.2.3\tdb.example', '512', '1024', 'ro-proc', 'ro-sys', 'ro-sysctl', '32768', ''],
  ]);
  expect(rig.paths(ran)).toEqual(['run/', 'run/file']);
});

test('devices that a RUN makes cannot be opened, namespaces and mounts cannot be made', async () => {
  await using rig = await WorkerRig.setup();
  const base = rig.busybox();
  const { stdout } = await rig.run(
    [base],
    `mknod /dev/disk b 254 0; (head -c 1 /dev/disk > /dev/null) 2>&1 | grep -o 'not permitted'; mount -t tmpfs none /tmp 2>&1 | grep -o denied
     unshare -m true 2>&1 | grep -o 'not permitted'`,
  );
  expect(stdout).toBe('not permitted\ndenied\nnot permitted\n');
});

test('without a network there is but a loopback device, and it is up', async () => {
  await using rig = await WorkerRig.setup();
  const ran = await rig.run(
    [rig.busybox()],
    'ls /sys/class/net; cat /sys/class/net/lo/carrier; wc -l < /proc/net/route',
    { network: 'none' },
  );
  expect(ran.stdout).toBe('lo\n1\n1\n');
});

test.each(LOWERS)('%s: 127 layers mount, equal ones once', async (lower) => {
  await using rig = await WorkerRig.setup(lower);
  const base = rig.busybox();
  const many = Array.from({ length: 126 }, (_, index) =>
    rig.layer([file(`f${index}`, `${index}`), file('top', `${index}`)]),
  );
  const ran = await rig.run([base, ...many], 'ls / | grep -c ^f; cat /top');
  expect(ran.stdout).toBe('126\n125');
  const twice = await rig.run([base, many[0]!, many[1]!, many[0]!], 'cat /top');
  expect(twice.stdout).toBe('0');
});
