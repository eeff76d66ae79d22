import { describe, expect, test } from 'vitest';
import { BuildEnv, splitPair } from '../../../src/frontend/config/build-env.ts';
import {
  DEFAULT_PATH,
  emptyImage,
  finalImage,
  inheritedImage,
  withConfig,
  withShell,
} from '../../../src/frontend/config/image-draft.ts';

const AMD64 = { os: 'linux', architecture: 'amd64' };
const PATH = `PATH=${DEFAULT_PATH}`;
const NONE = new Map<string, string>();

describe('inheritedImage', () => {
  const base = { ...AMD64, created: 'then', rootfs: { type: 'layers', diff_ids: [] }, history: [] } as const;

  test('adds PATH, drops triggers, history and times', () => {
    const image = inheritedImage({ ...base, author: 'me', config: { Env: ['A=1'], OnBuild: ['RUN x'], User: 'u' } });
    expect(image).toEqual({ ...AMD64, author: 'me', config: { Env: ['A=1', PATH], User: 'u' } });
  });

  test('keeps a PATH that is there, also an empty one', () => {
    expect(inheritedImage({ ...base, config: { Env: ['PATH='] } }).config.Env).toEqual(['PATH=']);
    expect(inheritedImage({ ...base, config: {} }).config.Env).toEqual([PATH]);
  });

  test('keeps variant and version', () => {
    const image = inheritedImage({ ...base, variant: 'v7', 'os.version': '10', config: {} });
    expect(image).toMatchObject({ variant: 'v7', 'os.version': '10' });
  });
});

describe('finalImage', () => {
  test('leaves out what says nothing', () => {
    const image = withConfig(emptyImage(AMD64), { Cmd: undefined, Entrypoint: [], User: '', Labels: {} });
    expect(finalImage(image, { platform: undefined, labels: NONE }).config).toEqual({ Env: [PATH], WorkingDir: '/' });
  });

  test('labels of the command line win', () => {
    const image = withConfig(emptyImage(AMD64), { Labels: { a: 'file', b: 'file' } });
    const { config } = finalImage(image, { platform: undefined, labels: new Map([['a', 'cli']]) });
    expect(config.Labels).toEqual({ a: 'cli', b: 'file' });
  });

  test.each([
    [{ os: 'linux', architecture: 'arm', variant: 'v6' }, undefined, { architecture: 'arm', variant: 'v6' }],
    [
      { os: 'linux', architecture: 'arm', variant: 'v6' },
      { os: 'linux', architecture: 'arm', variant: 'v7' },
      { architecture: 'arm', variant: 'v7' },
    ],
    [
      { os: 'linux', architecture: 'arm', variant: 'v6' },
      { os: 'linux', architecture: 'arm' },
      { architecture: 'arm', variant: 'v6' },
    ],
    [{ os: 'linux', architecture: 'arm', variant: 'v6' }, AMD64, { architecture: 'amd64' }],
    [{ os: 'linux', architecture: 'arm64', variant: 'v8' }, undefined, { architecture: 'arm64' }],
    [
      { os: 'windows', architecture: 'amd64', osVersion: '10' },
      { os: 'windows', architecture: 'amd64' },
      { 'os.version': '10' },
    ],
  ])('%j built for %j', (own, platform, expected) => {
    const final = finalImage(emptyImage(own), { platform, labels: NONE });
    expect(final).toMatchObject(expected);
    expect(Object.hasOwn(final, 'variant')).toBe('variant' in expected);
  });
});

test('withShell joins the command and defaults to /bin/sh -c', () => {
  expect(withShell(emptyImage(AMD64), ['a', 'b'])).toEqual(['/bin/sh', '-c', 'a b']);
  expect(withShell(withConfig(emptyImage(AMD64), { Shell: ['/bin/ash'] }), ['x'])).toEqual(['/bin/ash', 'x']);
});

describe('BuildEnv', () => {
  test('a variable that is set again moves to the end', () => {
    const env = BuildEnv.of([
      ['A', '1'],
      ['B', '2'],
    ]).with([['A', '3']]);
    expect(env.pairs()).toEqual(['B=2', 'A=3']);
    expect(env.names()).toEqual(['B', 'A']);
    expect(env.without('B').pairs()).toEqual(['A=3']);
    expect([env.has('A'), env.has('C'), env.get('C')]).toEqual([true, false, undefined]);
  });

  test('pairs of a config', () => {
    expect([splitPair('A=b=c'), splitPair('A')]).toEqual([
      ['A', 'b=c'],
      ['A', ''],
    ]);
  });
});
