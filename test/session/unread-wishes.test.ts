import { expect, test } from 'vitest';
import { tellOfUnread } from '../../src/session/unread-wishes.ts';

function told(syntax: string | undefined, buildArgs: Record<string, string> = {}): readonly string[] {
  const warnings: string[] = [];
  tellOfUnread({ syntax, buildArgs: new Map(Object.entries(buildArgs)) }, (message) => void warnings.push(message));
  return warnings;
}

test.each([
  [undefined],
  ['docker/dockerfile'],
  ['docker/dockerfile:1.20-labs'],
  ['docker.io/docker/dockerfile@sha256:00'],
  ['registry.example:5000/mirror/docker/dockerfile:1'],
  ['docker/dockerfile-upstream:master'],
  ['dockerfile.v0'],
])('syntax %s is read here', (syntax) => {
  expect(told(syntax)).toEqual([]);
});

test('another frontend is said not to be run; the build arg counts before the file', () => {
  const said = (name: string): string =>
    `the frontend ${name} is not run: this file is read as docker/dockerfile reads it`;
  expect(told('example/dockerfile-x:1')).toEqual([said('example/dockerfile-x:1')]);
  expect(told('docker/dockerfile:1', { BUILDKIT_SYNTAX: 'example/front -v' })).toEqual([said('example/front')]);
  expect(told('example/front', { BUILDKIT_SYNTAX: 'dockerfile.v0' })).toEqual([]);
});

test('build args that ask for another image are said to have no effect', () => {
  expect(told(undefined, { BUILDKIT_INLINE_CACHE: '1', BUILDKIT_MULTI_PLATFORM: 'true' })).toEqual([
    '--build-arg BUILDKIT_INLINE_CACHE has no effect: images hold no cache',
    '--build-arg BUILDKIT_MULTI_PLATFORM has no effect: an image for one platform has no index',
  ]);
  expect(told(undefined, { BUILDKIT_INLINE_CACHE: '0', BUILDKIT_MULTI_PLATFORM: '' })).toEqual([]);
});
