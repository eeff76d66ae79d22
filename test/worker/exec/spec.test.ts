import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  boundingSet,
  findDevices,
  makeSpec,
  renderHosts,
  renderResolvConf,
  rlimitsOf,
} from '../../../src/worker/exec/index.ts';
import { renderSpec } from '../../../src/worker/exec/oci-spec.ts';
import { explainRuntimeError } from '../../../src/worker/exec/runtime-error.ts';
import { seccompProfile } from '../../../src/worker/exec/seccomp/index.ts';
import type { SpecHost, SpecOptions } from '../../../src/worker/exec/spec.ts';

const ALL = boundingSet('CapBnd:\t000001ffffffffff\n');
const host: SpecHost = {
  capabilities: ALL,
  isUserNamespace: false,
  isTtyGroupMapped: true,
  cgroups: 'v1',
  arch: 'x64',
  freeLoop: () => 2,
};
const run: SpecOptions = {
  ...{ rootfs: '/r', argv: ['true'], env: [], cwd: '/', hostname: 'h', rlimits: [], mounts: [], cgroupsPath: 'c' },
  ...{ user: { uid: 5, gid: 6, additionalGids: [7] }, hasOwnNetwork: false },
  security: 'sandbox',
};

describe('the spec', () => {
  test('no RUN has more than a container’s capabilities, nor more than the worker has', () => {
    expect(makeSpec(run, host).process.capabilities.bounding).toHaveLength(14);
    const few = { ...host, capabilities: boundingSet('CapBnd:\t0000000000200001\n') };
    expect(makeSpec(run, few).process.capabilities).toMatchObject({
      bounding: ['CAP_CHOWN'],
      inheritable: [],
      ambient: [],
    });
    const all = ['CAP_CHOWN', 'CAP_SYS_ADMIN'];
    expect(makeSpec({ ...run, security: 'insecure' }, few).process.capabilities).toEqual({
      ...{ bounding: all, effective: all, permitted: all, inheritable: all, ambient: all },
    });
  });

  test('without a device cgroup real root makes no device', () => {
    const names = (more: object) => makeSpec(run, { ...host, ...more }).process.capabilities.bounding;
    expect(names({ cgroups: 'none' })).not.toContain('CAP_MKNOD');
    expect(names({ cgroups: 'none', isUserNamespace: true })).toContain('CAP_MKNOD');
    expect(makeSpec(run, host).linux.resources).toEqual({ devices: [{ allow: false, access: 'rwm' }] });
  });

  test('insecure has no filter and nothing hidden', () => {
    const { linux } = makeSpec({ ...run, security: 'insecure' }, host);
    expect(linux).toMatchObject({
      maskedPaths: [],
      readonlyPaths: [],
      resources: { devices: [{ allow: true, access: 'rwm' }] },
    });
    expect(linux.seccomp).toBeUndefined();
    const paths = linux.devices?.map(({ path }) => path);
    expect(paths?.slice(0, 7)).toEqual([
      ...['kmsg', 'cuse', 'fuse', 'kvm', 'net/tun', 'loop-control', 'loop0'].map((name) => `/dev/${name}`),
    ]);
    expect(paths?.at(-1)).toBe('/dev/loop9');
    expect(
      makeSpec({ ...run, security: 'insecure' }, { ...host, isUserNamespace: true }).linux.devices,
    ).toBeUndefined();
  });

  test('a device is a node that the device cgroup lets through', () => {
    const node = { path: '/dev/x', type: 'c', major: 10, minor: 229, fileMode: 0o600, uid: 0, gid: 0 } as const;
    const given = { ...run, devices: [{ source: '/dev/y', node, access: 'rw' }] };
    const { linux } = makeSpec(given, host);
    expect(linux.devices).toEqual([node]);
    expect(linux.resources?.devices).toEqual([
      { allow: false, access: 'rwm' },
      { allow: true, type: 'c', major: 10, minor: 229, access: 'rw' },
    ]);
    const mapped = makeSpec(given, { ...host, isUserNamespace: true });
    expect(mapped.linux.devices).toBeUndefined();
    expect(mapped.mounts.at(-1)).toMatchObject({ destination: '/dev/x', type: 'bind', source: '/dev/y' });
  });

  test.each([
    ['vendor.com/class=gpu', 'Container Device Interface are not read'],
    ['/dev/not-there', 'it is not there'],
    ['/dev', 'it is not below /dev'],
    ['/dev/../etc/passwd', 'it is not below /dev'],
    ['/dev/null:/etc/null', 'it is not below /dev'],
    ['/dev/null:/dev/../x', 'it is not below /dev'],
    ['/dev/pts', 'it is no device'],
    ['/dev/null:/dev/a:q', 'it is not of the form'],
  ])('device %s is refused, or left out where it is not required', (name, why) => {
    const warnings: string[] = [];
    const find = (isRequired: boolean) => findDevices([{ name, isRequired }], (text) => void warnings.push(text));
    expect(() => find(true)).toThrow(
      expect.objectContaining({ code: 'device-unavailable', message: expect.stringContaining(why) }),
    );
    expect(find(false)).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining(why)]);
  });

  test('a device keeps its numbers and rights, under the name that is asked for', () => {
    const [device] = findDevices([{ name: '/dev/zero:/dev/dir/z:r', isRequired: true }], () => undefined);
    expect(device).toMatchObject({ access: 'r', node: { path: '/dev/dir/z', type: 'c', major: 1, minor: 5 } });
  });

  test('namespaces and /sys follow the network and the user namespace', () => {
    const types = (spec: ReturnType<typeof makeSpec>) => spec.linux.namespaces.map(({ type }) => type);
    const sys = (spec: ReturnType<typeof makeSpec>) => spec.mounts.find(({ destination }) => destination === '/sys');
    expect(types(makeSpec(run, host))).not.toContain('network');
    expect(types(makeSpec({ ...run, hasOwnNetwork: true }, host))).toContain('network');
    expect(sys(makeSpec(run, host))).toMatchObject({ type: 'sysfs' });
    expect(sys(makeSpec(run, { ...host, isUserNamespace: true }))).toMatchObject({
      source: '/sys',
      options: expect.arrayContaining(['rbind', 'ro']),
    });
    expect(makeSpec(run, { ...host, isTtyGroupMapped: false }).mounts.flatMap(({ options }) => options)).not.toContain(
      'gid=5',
    );
  });

  test('/dev/shm is 64 MiB without programs, unless a size is asked for', () => {
    const shm = (shmSizeBytes?: number) =>
      makeSpec({ ...run, shmSizeBytes }, host).mounts.find(({ destination }) => destination === '/dev/shm')?.options;
    const usual = ['nosuid', 'noexec', 'nodev', 'size=65536k', 'mode=1777'];
    expect(shm()).toEqual(usual);
    expect(shm(0)).toEqual(usual);
    expect(shm(1000)).toEqual(['nosuid', 'nodev', 'size=1000', 'mode=1777']);
  });

  test('64-bit limits are written as integers, whatever strings look like', () => {
    const argv = ['\uE000integer:1', '"\uE000integer:1"', '1'];
    const rlimits = [{ type: 'RLIMIT_CORE', soft: 1n, hard: 18_446_744_073_709_551_615n }];
    const text = renderSpec(makeSpec({ ...run, rlimits, argv }, host));
    expect(text).toContain('{"type":"RLIMIT_CORE","soft":1,"hard":18446744073709551615}');
    expect((JSON.parse(text) as { process: { args: string[] } }).process.args).toEqual(argv);
  });
});

describe('limits', () => {
  const limits =
    'Limit                     Soft Limit           Hard Limit           Units\nMax open files            1024                 20000                files\nMax core file size        0                    unlimited            bytes\n';
  test('are cut to what may be set', () => {
    const ulimits = [
      { name: 'nofile', soft: 512, hard: 1024 },
      { name: 'nofile', soft: 30_000, hard: -1 },
      { name: 'core', soft: -1, hard: -1 },
    ];
    const max = 0xffff_ffff_ffff_ffffn;
    expect(rlimitsOf(ulimits, { limits, canRaise: false }).map(({ soft, hard }) => [soft, hard])).toEqual([
      [512n, 1024n],
      [20_000n, 20_000n],
      [max, max],
    ]);
    expect(rlimitsOf(ulimits, { limits, canRaise: true })[1]).toEqual({
      type: 'RLIMIT_NOFILE',
      soft: 30_000n,
      hard: max,
    });
  });
});

describe('hosts and resolv.conf', () => {
  test('name the sandbox and what was added', () => {
    expect(
      renderHosts('box', [
        { host: 'db', ip: '10.0.0.1' },
        { host: 'me', ip: 'host-gateway' },
      ]),
    ).toBe('127.0.0.1\tlocalhost box\n::1\tlocalhost ip6-localhost ip6-loopback\n10.0.0.1\tdb\n127.0.0.1\tme\n');
    expect(renderHosts('box', [{ host: 'me', ip: 'host-gateway' }], { gateway: '192.0.2.7' })).toContain(
      '192.0.2.7\tme\n',
    );
  });

  const systemd = 'nameserver 9.9.9.9\n';
  const forwarder = '10.0.2.3';

  test.each([
    ['nameserver 10.0.0.2\n', undefined, 'nameserver 10.0.0.2\n'],
    ['nameserver 10.0.0.2\n', forwarder, 'nameserver 10.0.0.2\n'],
    ['nameserver 127.0.0.53\noptions edns0\n', undefined, 'nameserver 9.9.9.9\n'],
    ['nameserver 127.0.0.1\nsearch x\n', undefined, 'nameserver 127.0.0.1\nsearch x\n'],
    ['nameserver 127.0.0.1\nsearch x\n', forwarder, 'search x\nnameserver 10.0.2.3\n'],
    ['nameserver 127.0.0.1\nnameserver 10.0.0.2\n', forwarder, 'nameserver 10.0.0.2\nnameserver 10.0.2.3\n'],
    [undefined, undefined, ''],
    [undefined, forwarder, 'nameserver 10.0.2.3\n'],
  ])('%j of the host, with the forwarder %j, gives %j', (host, given, expected) => {
    expect(renderResolvConf({ host, systemd, forwarder: given })).toBe(expected);
  });

  test('name servers that are given replace all others', () => {
    const text = 'nameserver 127.0.0.1\nsearch x\nnameserver 10.0.0.2\n';
    expect(renderResolvConf({ host: text, systemd, forwarder, given: ['192.0.2.1', '2001:db8::1'] })).toBe(
      'search x\nnameserver 192.0.2.1\nnameserver 2001:db8::1\n',
    );
  });
});

describe('seccomp', () => {
  test('every system call of this machine is decided on, and none twice', () => {
    const { syscalls } = seccompProfile([], 'x64');
    const allowed = syscalls[0]?.names ?? [];
    expect(new Set(allowed).size).toBe(allowed.length);
    for (const name of ['mount', 'bpf', 'keyctl', 'unshare', 'clone3', 'io_uring_setup', 'kexec_load'])
      expect(allowed).not.toContain(name);
    for (const name of ['openat2', 'statx', 'rseq', 'futex', 'epoll_pwait2']) expect(allowed).toContain(name);
  });

  test('capabilities bring their calls', () => {
    const names = (capabilities: string[]) =>
      seccompProfile(capabilities, 'x64')
        .syscalls.slice(1)
        .flatMap((rule) => (rule.action === 'SCMP_ACT_ALLOW' && rule.args === undefined ? rule.names : []));
    expect(names([])).toEqual([]);
    expect(names(['CAP_SYS_CHROOT'])).toEqual(['chroot']);
    expect(names(['CAP_SYS_ADMIN'])).toContain('mount');
  });
});

describe('what kept runc from starting', () => {
  const line = (msg: string) => `{"level":"error","msg":${JSON.stringify(msg)},"time":"t"}\n`;
  test.each([
    ['', undefined],
    ['not json\n', undefined],
    [
      line('runc run failed: unable to start container process: exec: "/no": stat /no: no such file or directory'),
      { exitCode: 127 },
    ],
    [
      line('runc run failed: unable to start container process: exec: "x": executable file not found in $PATH'),
      { exitCode: 127 },
    ],
    [
      line('runc run failed: unable to start container process: exec: "/etc/passwd": permission denied'),
      { exitCode: 126 },
    ],
    [
      line(
        'runc run failed: unable to start container process: error during container init: error mounting "a" to rootfs at "/b": x',
      ),
      { code: 'mount-failed' },
    ],
    [
      line(
        'runc run failed: unable to start container process: unable to setup user: uids and gids must be in range 0-2147483647',
      ),
      { code: 'run-user-unknown' },
    ],
    [line('runc run failed: unable to apply cgroup configuration'), { code: 'sandbox-unavailable' }],
  ])('%s', (log, expected) => {
    const problem = explainRuntimeError(log);
    if (expected === undefined) expect(problem).toBeUndefined();
    else expect(problem).toMatchObject(expected);
  });
});

test('the bounding set of this process is read', () => {
  expect(boundingSet(readFileSync('/proc/self/status', 'utf8')).names.every((name) => name.startsWith('CAP_'))).toBe(
    true,
  );
});
