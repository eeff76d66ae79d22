import { describe, expect, test } from 'vitest';
import { exposedPorts, splitPort } from '../../../src/frontend/config/ports.ts';
import { isSignal } from '../../../src/frontend/config/signals.ts';

describe('exposedPorts', () => {
  test.each([
    ['80', ['80/tcp']],
    ['443/TCP', ['443/tcp']],
    ['53/udp', ['53/udp']],
    ['132/sctp', ['132/sctp']],
    ['80/', ['80/tcp']],
    ['7000-7002/tcp', ['7000/tcp', '7001/tcp', '7002/tcp']],
    ['8080:80', ['80/tcp']],
    ['127.0.0.1:9090:90/udp', ['90/udp']],
    ['[::1]:1:2', ['2/tcp']],
    ['::1:1:2', ['2/tcp']],
    ['3000-3001:4000-4001', ['4000/tcp', '4001/tcp']],
    ['3000-3009:4000', ['4000/tcp']],
    ['[1.2.3.4]:80:80', ['80/tcp']],
    ['[]:80:80', ['80/tcp']],
    ['+80', ['80/tcp']],
    ['+80-+81:080-81', ['80/tcp', '81/tcp']],
    ['80-80', ['80/tcp']],
    [':80', ['80/tcp']],
    ['::81', ['81/tcp']],
    ['0', ['0/tcp']],
    ['65535', ['65535/tcp']],
  ])('%s', (spec, ports) => {
    expect(exposedPorts(splitPort(spec))).toEqual(ports);
  });

  test.each([
    ['70000', 'invalid containerPort: 70000'],
    ['80/icmp', 'invalid proto: icmp'],
    ['/tcp', 'no port specified'],
    ['', 'no port specified'],
    ['90-80', 'invalid containerPort: 90-80'],
    ['a', 'invalid containerPort: a'],
    ['x:80', 'invalid hostPort: x'],
    ['1-2:3-5', 'invalid ranges'],
    ['300.0.0.1:1:2', 'invalid IP address: 300.0.0.1'],
    ['127.0.0.01:80:80', 'invalid IP address: 127.0.0.01'],
    ['[1.2.3.4:80:80', 'invalid IP address: [1.2.3.4'],
    ['[::1]x:80:80', 'invalid IP address: [::1]x'],
    ['80-', 'invalid containerPort: 80-'],
    ['-80', 'invalid containerPort: -80'],
    ['80-81-82', 'invalid containerPort: 80-81-82'],
    ['++80', 'invalid containerPort: ++80'],
    ['name:1:2', 'invalid IP address: name'],
    ['1.2.3:1:2', 'invalid IP address: 1.2.3'],
  ])('%j is refused', (spec, message) => {
    expect(() => exposedPorts(splitPort(spec))).toThrow(message);
  });
});

describe('isSignal', () => {
  test.each(['SIGTERM', 'term', 'SigKill', '9', 'RTMIN', 'RTMIN+3', 'SIGRTMAX-14', '-5', '+9', '007'])('%s', (text) => {
    expect(isSignal(text)).toBe(true);
  });
  test.each([
    'SIGNOPE',
    '',
    '0',
    '-0',
    '+',
    '--5',
    '9223372036854775808',
    'RTMIN+01',
    'SIGSIGTERM',
    'RTMIN+16',
    'RTMAX-15',
    'RTMIN+0',
    'RTMAX+1',
  ])('%j is none', (text) => {
    expect(isSignal(text)).toBe(false);
  });
});
