import { describe, expect, test } from 'vitest';
import { renderHosts, renderResolvConf } from '../../../src/worker/exec/hosts-files.ts';

test('hosts: loopback under both names, then what was asked for; host-gateway is where the network has it', () => {
  const extra = [
    { host: 'db', ip: '10.0.0.1' },
    { host: 'outside', ip: 'host-gateway' },
  ];
  expect(renderHosts('build', extra, { gateway: '10.0.2.2' })).toBe(
    '127.0.0.1\tlocalhost build\n::1\tlocalhost ip6-localhost ip6-loopback\n10.0.0.1\tdb\n10.0.2.2\toutside\n',
  );
});

describe('resolv.conf', () => {
  const plain = 'search lan\nnameserver 192.0.2.1\n';
  const stub = '# stub\nnameserver 127.0.0.53\noptions edns0\n';
  const mixed = 'nameserver 127.0.0.1\nnameserver 192.0.2.1\n';
  const forwarder = '10.0.2.3';

  test.each<[string, Parameters<typeof renderResolvConf>[0], string]>([
    ['is the host’s', { host: plain, systemd: undefined }, plain],
    ['is the host’s, also where there is a forwarder', { host: plain, systemd: undefined, forwarder }, plain],
    ['of systemd’s stub is the one with the real servers', { host: stub, systemd: plain }, plain],
    [
      'of a stub alone has the forwarder in its place',
      { host: stub, systemd: undefined, forwarder },
      '# stub\noptions edns0\nnameserver 10.0.2.3\n',
    ],
    [
      'keeps servers that can be reached beside the forwarder',
      { host: mixed, systemd: undefined, forwarder },
      'nameserver 192.0.2.1\nnameserver 10.0.2.3\n',
    ],
    ['that is missing is the forwarder', { host: undefined, systemd: undefined, forwarder }, 'nameserver 10.0.2.3\n'],
    ['that is missing is empty without one', { host: undefined, systemd: undefined }, ''],
    [
      'has the servers that were given, and no others',
      { host: plain, systemd: undefined, forwarder, given: ['192.0.2.9', '::1'] },
      'search lan\nnameserver 192.0.2.9\nnameserver ::1\n',
    ],
  ])('%s', (_name, sources, text) => {
    expect(renderResolvConf(sources)).toBe(text);
  });
});
