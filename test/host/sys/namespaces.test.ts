import { describe, expect, test } from 'vitest';
import { namespaceObstacle, needsUserNamespace } from '../../../src/host/sys/index.ts';

const ALL = 'CapEff:\t000001ffffffffff\n';
const WITHOUT_SYS_ADMIN = 'CapEff:\t000001ffffdfffff\n';

/** A machine by the files of /proc that it has. */
function machine(files: Readonly<Record<string, string>>, uid = 1000) {
  const all: Record<string, string> = { '/proc/self/status': uid === 0 ? ALL : '', ...files };
  return { uid, read: (file: string) => all[file] };
}

test('only a root with CAP_SYS_ADMIN needs no user namespace', () => {
  expect(needsUserNamespace(machine({}))).toBe(true);
  expect(needsUserNamespace(machine({}, 0))).toBe(false);
  expect(needsUserNamespace(machine({ '/proc/self/status': WITHOUT_SYS_ADMIN }, 0))).toBe(true);
});

describe('what stands in the way', () => {
  const closed = [
    ['/proc/sys/user/max_user_namespaces', '0\n', 'sudo sysctl -w user.max_user_namespaces=28633', true],
    ['/proc/sys/user/max_mnt_namespaces', '0\n', 'sudo sysctl -w user.max_mnt_namespaces=28633', true],
    ['/proc/sys/kernel/unprivileged_userns_clone', '0\n', 'sudo sysctl -w kernel.unprivileged_userns_clone=1', true],
    [
      '/proc/sys/kernel/apparmor_restrict_unprivileged_userns',
      '1\n',
      'sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0',
      false,
    ],
  ] as const;

  test.each(closed)('of an ordinary user: %s', (file, value, hint, isCertain) => {
    expect(namespaceObstacle(machine({ [file]: value }))).toMatchObject({ hint, isCertain });
    expect(namespaceObstacle(machine({ [file]: '7\n' }))).toBeUndefined();
  });

  test('of root: the limits of what every RUN has, all commands in one', () => {
    const zero = { '/proc/sys/user/max_pid_namespaces': '0', '/proc/sys/user/max_user_namespaces': '0' };
    expect(namespaceObstacle(machine(zero, 0))).toMatchObject({
      message: 'no namespaces are allowed here (user.max_pid_namespaces is 0)',
      hint: 'sudo sysctl -w user.max_user_namespaces=28633 user.max_pid_namespaces=28633',
    });
    const rest = {
      '/proc/sys/user/max_user_namespaces': '0',
      '/proc/sys/user/max_net_namespaces': '0',
      '/proc/sys/kernel/unprivileged_userns_clone': '0',
    };
    expect(namespaceObstacle(machine(rest, 0))).toBeUndefined();
    expect(namespaceObstacle(machine({ ...rest, '/proc/self/status': WITHOUT_SYS_ADMIN }, 0))).toMatchObject({
      isCertain: true,
    });
  });

  test('nothing, where there are no such files', () => {
    expect(namespaceObstacle(machine({}))).toBeUndefined();
    expect(namespaceObstacle(machine({}, 0))).toBeUndefined();
  });
});
