import { describe, expect, test } from 'vitest';
import { contentIDOf, diffIDOf, digestOf } from '../../cache/index.ts';
import { BuildError } from '../../src/errors.ts';
import type { StoredImage } from '../../src/image/names/index.ts';
import type { ImageConfig, Platform } from '../../src/image/oci/index.ts';
import type { BuildEvent } from '../../src/progress/index.ts';
import { type ImageResolverDeps, makeImageResolver } from '../../src/session/image-resolver.ts';

const platform = { os: 'linux', architecture: 'amd64' };
const NAME = 'docker.io/library/node:20';

function configOf(architecture = 'amd64'): ImageConfig {
  const rootfs = { type: 'layers' as const, diff_ids: [diffIDOf(digestOf('layer'))] };
  return { os: 'linux', architecture, config: {}, rootfs };
}

/** A registry that says what the test wants, an image index in memory, a clock that the test holds. */
function rig(kind?: StoredImage['kind'], deps: Partial<ImageResolverDeps> = {}) {
  const events: BuildEvent[] = [];
  const asked: string[] = [];
  const stored = new Map<string, StoredImage>();
  const limits: { readonly ms: number; readonly expire: () => void }[] = [];
  if (kind !== undefined) {
    const manifest = digestOf('remembered');
    stored.set(NAME, { manifest, config: digestOf('config'), platform, layers: [], kind, at: 0 });
  }
  const resolver = makeImageResolver({
    root: rootWith(Buffer.from(JSON.stringify(configOf()))),
    names: {
      get: (name) => stored.get(name),
      put: (name, image) => void stored.set(name, { at: 0, ...image } as StoredImage),
    },
    registry: {
      resolve: (reference) => {
        asked.push(reference);
        return Promise.resolve(answer());
      },
    },
    pull: 'auto',
    emit: (event) => void events.push(event),
    timeout: (ms) => {
      const controller = new AbortController();
      limits.push({ ms, expire: () => controller.abort(new DOMException('late', 'TimeoutError')) });
      return controller.signal;
    },
    ...deps,
  });
  const resolve = (name = 'node:20', signal = new AbortController().signal, wanted: Platform = platform) =>
    resolver.resolve(name, { platform: wanted, signal });
  return { resolve, events, asked, stored, limits };
}

function answer(): Awaited<ReturnType<ImageResolverDeps['registry']['resolve']>> {
  return {
    repository: 'docker.io/library/node',
    manifestDigest: digestOf('fresh'),
    manifest: {
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: digestOf('config'), size: 1 },
      layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: digestOf('blob'), size: 1 }],
    },
    config: configOf(),
    platform,
  };
}

const silent: ImageResolverDeps['registry'] = {
  resolve: (_reference, { signal }) =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
};
const failing = (error: Error): ImageResolverDeps['registry'] => ({ resolve: () => Promise.reject(error) });

describe('a name that this root knows', () => {
  test('built here: it wins without network', async () => {
    const { resolve, asked, events } = rig('built');
    expect((await resolve()).manifest).toBe(digestOf('remembered'));
    expect(asked).toEqual([]);
    expect(events).toMatchObject([{ type: 'notice', message: expect.stringMatching(/^node:20: built here .* ago$/) }]);
  });

  test('pulled: asked for again, and what is there now is used and remembered', async () => {
    const { resolve, asked, stored, limits } = rig('pulled');
    expect((await resolve()).manifest).toBe(digestOf('fresh'));
    expect(asked).toEqual([NAME]);
    expect(stored.get(NAME)).toMatchObject({ manifest: digestOf('fresh'), kind: 'pulled' });
    expect(limits.map(({ ms }) => ms)).toEqual([2000]);
  });

  test('pulled, and its registry does not answer within the limit: the remembered one, with a warning', async () => {
    const { resolve, events, limits } = rig('pulled', { registry: silent });
    const resolving = resolve();
    limits[0]?.expire();
    expect((await resolving).manifest).toBe(digestOf('remembered'));
    expect(events).toMatchObject([{ type: 'warning', message: expect.stringContaining('does not answer') }]);
  });

  test('pulled, and its registry cannot be reached: the same', async () => {
    const { resolve, events } = rig('pulled', { registry: failing(new BuildError('registry-unreachable', 'no')) });
    expect((await resolve()).manifest).toBe(digestOf('remembered'));
    expect(events).toMatchObject([{ type: 'warning' }]);
  });

  test.each(['image-not-found', 'registry-denied'] as const)(
    'pulled, and its registry says %s: the error',
    async (code) => {
      const { resolve } = rig('pulled', { registry: failing(new BuildError(code, 'no')) });
      await expect(resolve()).rejects.toMatchObject({ code });
    },
  );

  test('an abort is not taken for a silent registry', async () => {
    const controller = new AbortController();
    const { resolve, events } = rig('pulled', { registry: silent });
    const resolving = resolve('node:20', controller.signal);
    controller.abort(new Error('SIGINT'));
    await expect(resolving).rejects.toThrow('SIGINT');
    expect(events).toEqual([]);
  });

  test('for another platform it does not count', async () => {
    const { resolve, asked } = rig('built');
    await resolve('node:20', undefined, { os: 'linux', architecture: 'arm64' });
    expect(asked).toEqual([NAME]);
  });

  test.each([
    ['v7', 'v6', [NAME]],
    ['v6', 'v7', []],
    ['v6', 'v6', []],
  ])('for arm/%s, it is asked for again where arm/%s is wanted: %j', async (here, variant, expected) => {
    const config = Buffer.from(JSON.stringify({ ...configOf('arm'), variant: here }));
    const { resolve, asked, stored } = rig('built', { root: rootWith(config) });
    const arm = { os: 'linux', architecture: 'arm' };
    stored.set(NAME, { ...(stored.get(NAME) as StoredImage), platform: { ...arm, variant: here } });
    await resolve('node:20', undefined, { ...arm, variant });
    expect(asked).toEqual(expected);
  });

  test('whose config is gone does not count', async () => {
    const { resolve, asked } = rig('built', { root: rootWith(undefined) });
    await resolve();
    expect(asked).toEqual([NAME]);
  });

  test('whose layers were pruned does not count, for nobody gives them back', async () => {
    const { resolve, asked, stored } = rig('built', { root: rootWith(Buffer.from(JSON.stringify(configOf())), false) });
    const diffID = diffIDOf(digestOf('layer'));
    const layers = [{ diffID, contentID: contentIDOf(diffID), verified: true, origins: [] }];
    stored.set(NAME, { ...(stored.get(NAME) as StoredImage), layers });
    await resolve();
    expect(asked).toEqual([NAME]);
  });
});

function rootWith(config: Buffer | undefined, hasLayers = true) {
  return { content: { readBytes: () => config, has: () => false }, layers: { hold: () => hasLayers } };
}

describe('--pull', () => {
  test.each(['built', 'pulled'] as const)(
    'always asks, also for what was %s here, and without the limit',
    async (kind) => {
      const { resolve, asked, limits } = rig(kind, { pull: 'always' });
      expect((await resolve()).manifest).toBe(digestOf('fresh'));
      expect(asked).toEqual([NAME]);
      expect(limits).toEqual([]);
    },
  );

  test('always: a registry that cannot be reached is an error, whatever is remembered', async () => {
    const registry = failing(new BuildError('registry-unreachable', 'no'));
    await expect(rig('pulled', { pull: 'always', registry }).resolve()).rejects.toMatchObject({
      code: 'registry-unreachable',
    });
  });

  test('never asks: what is here, or an error that says so', async () => {
    const known = rig('pulled', { pull: 'never' });
    expect((await known.resolve()).manifest).toBe(digestOf('remembered'));
    expect(known.asked).toEqual([]);
    await expect(rig(undefined, { pull: 'never' }).resolve()).rejects.toMatchObject({ code: 'image-not-found' });
  });
});

describe('a name that is new', () => {
  test('is pulled; its layers can be fetched later, and are not verified yet', async () => {
    const { resolve, stored, limits } = rig();
    const image = await resolve('docker-image://node:20');
    expect(image.layers).toMatchObject([
      {
        diffID: digestOf('layer'),
        verified: false,
        origins: [{ repository: 'docker.io/library/node', digest: digestOf('blob') }],
      },
    ]);
    expect(stored.get(NAME)?.kind).toBe('pulled');
    expect(limits).toEqual([]);
  });

  test('an image whose config and manifest disagree about its layers is refused', async () => {
    const wrong = answer();
    const registry = { resolve: () => Promise.resolve({ ...wrong, manifest: { ...wrong.manifest, layers: [] } }) };
    await expect(rig(undefined, { registry }).resolve()).rejects.toMatchObject({ code: 'image-invalid' });
  });
});
