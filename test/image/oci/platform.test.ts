import { expect, test } from 'vitest';
import { formatPlatform, hostPlatform, matchPlatform, parsePlatform } from '../../../src/image/oci/index.ts';

test.each([
  ['linux/amd64', 'linux/amd64'],
  ['linux/x86_64', 'linux/amd64'],
  ['LINUX/aarch64', 'linux/arm64'],
  ['linux/arm64/v8', 'linux/arm64'],
  ['linux/arm', 'linux/arm/v7'],
  ['linux/arm/6', 'linux/arm/v6'],
  ['linux/armhf', 'linux/arm/v7'],
  ['linux/armel', 'linux/arm/v6'],
  ['linux/i386', 'linux/386'],
  ['linux/amd64/v3', 'linux/amd64/v3'],
  ['macos/arm64', 'darwin/arm64'],
  ['linux', 'linux/s390x'],
  ['arm64', 'linux/arm64'],
  ['unheard/of', 'unheard/of'],
  ['linux/constructor', 'linux/constructor'],
])('%s is %s', (text, platform) => {
  expect(formatPlatform(parsePlatform(text, { os: 'linux', architecture: 's390x' }))).toBe(platform);
});

test.each([
  ['windows(1.2.3)/bar', { os: 'windows', architecture: 'bar', osVersion: '1.2.3' }],
  ['windows(10.0%2B1)/x86_64/v2', { os: 'windows', architecture: 'amd64', variant: 'v2', osVersion: '10.0+1' }],
  ['windows(10)', { os: 'windows', architecture: 's390x', osVersion: '10' }],
  ['windows()/amd64', { os: 'windows', architecture: 'amd64' }],
])('%s has an OS version', (text, platform) => {
  expect(parsePlatform(text, { os: 'linux', architecture: 's390x' })).toEqual(platform);
});

test.each([
  '',
  '/',
  'linux/',
  'a/b/c/d',
  'linux/amd 64',
  'nonsense',
  'local',
  'linux/$ARCH',
  'a.b/amd64',
  'linux/(1)',
  'windows(%)/a',
  'amd64(1)',
])('%j is not a platform', (text) => {
  expect(() => parsePlatform(text)).toThrow(expect.objectContaining({ code: 'platform-invalid' }));
});

test.each([
  ['linux/amd64', ['linux/arm64', 'linux/386', 'linux/amd64'], 'linux/amd64'],
  ['linux/amd64', ['linux/amd64/v2', 'linux/386'], 'linux/386'],
  ['linux/amd64/v3', ['linux/amd64', 'linux/amd64/v2', 'linux/amd64/v4'], 'linux/amd64/v2'],
  ['linux/arm/v7', ['linux/arm/v5', 'linux/arm/v6', 'linux/arm64'], 'linux/arm/v6'],
  ['linux/arm/v6', ['linux/arm/v7'], undefined],
  ['linux/arm64', ['linux/arm/v7', 'linux/arm64/v8'], 'linux/arm64/v8'],
  ['linux/arm64', ['linux/arm/v6', 'linux/arm/v7'], 'linux/arm/v7'],
  ['linux/s390x', ['linux/amd64', 'windows/s390x'], undefined],
])('for %s of %j: %s', (wanted, offered, best) => {
  const candidates = offered.map((text) => {
    const [os = '', architecture = '', variant] = text.split('/');
    return { text, platform: { os, architecture, variant } };
  });
  expect(matchPlatform(candidates, parsePlatform(wanted))?.text).toBe(best);
});

test('one that says no platform is the last choice', () => {
  const unsaid = { text: 'unsaid', platform: undefined };
  const amd64 = { text: 'amd64', platform: { os: 'linux', architecture: 'amd64' } };
  expect(matchPlatform([unsaid, amd64], parsePlatform('linux/amd64'))).toBe(amd64);
  expect(matchPlatform([unsaid, amd64], parsePlatform('linux/s390x'))).toBe(unsaid);
});

test.each([
  ['x64', 'linux/amd64'],
  ['arm64', 'linux/arm64'],
  ['arm', 'linux/arm/v7'],
  ['ia32', 'linux/386'],
  ['riscv64', 'linux/riscv64'],
])('node on %s is %s', (arch, platform) => {
  expect(formatPlatform(hostPlatform(arch))).toBe(platform);
});
