import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson, contentIDOf, diffIDOf, digestOf, type Json } from '../../../cache/index.ts';
import type { RunMount, RunOp } from '../../../src/graph/index.ts';
import { runMaterial } from '../../../src/ops/run/key.ts';

const input = (name: string) => contentIDOf(diffIDOf(digestOf(name)));
const keyOf = (op: RunOp, inputs = [input('base')], content = digestOf('files')): string =>
  canonicalJson(runMaterial(op, inputs, content) as unknown as Json);

const word = fc.string({ minLength: 1, maxLength: 8 });
const ids = { mode: fc.nat(0o777), uid: fc.nat(9), gid: fc.nat(9) };
const mounts: fc.Arbitrary<RunMount> = fc.oneof(
  fc.record({
    type: fc.constant('bind' as const),
    input: fc.nat(3),
    source: word,
    target: word,
    readOnly: fc.boolean(),
  }),
  fc.record({
    type: fc.constant('cache' as const),
    id: word,
    target: word,
    sharing: fc.constantFrom('shared' as const, 'private' as const, 'locked' as const),
    readOnly: fc.boolean(),
    attributes: fc.option(fc.record(ids), { nil: undefined }),
    seed: fc.option(fc.record({ input: fc.nat(3), source: word }), { nil: undefined }),
  }),
  fc.record({ type: fc.constant('tmpfs' as const), target: word, readOnly: fc.boolean(), sizeBytes: fc.nat() }),
  fc.record({ type: fc.constant('secret' as const), id: word, target: word, required: fc.boolean(), ...ids }),
  fc.record({ type: fc.constant('ssh' as const), id: word, target: word, required: fc.boolean(), ...ids }),
);
const runs: fc.Arbitrary<RunOp> = fc.record({
  kind: fc.constant('run' as const),
  argv: fc.array(word),
  env: fc.array(word.map((name) => `${name}=x`)),
  cwd: word,
  user: word,
  platform: fc.record({ os: fc.constant('linux'), architecture: word }),
  hostname: word,
  network: fc.constantFrom('default' as const, 'none' as const, 'host' as const),
  security: fc.constantFrom('sandbox' as const, 'insecure' as const),
  mounts: fc.array(mounts, { maxLength: 3 }),
  script: fc.option(fc.record({ name: word, content: word }), { nil: undefined }),
  extraHosts: fc.array(fc.record({ host: word, ip: word }), { maxLength: 2 }),
  ulimits: fc.array(fc.record({ name: word, soft: fc.nat(), hard: fc.nat() }), { maxLength: 2 }),
  shmSizeBytes: fc.option(fc.nat(), { nil: undefined }),
  devices: fc.array(fc.record({ name: word, isRequired: fc.constant(true) }), { maxLength: 2 }),
  epoch: fc.option(fc.nat(), { nil: undefined }),
});

/** One change of each field that decides what a command may write. */
const CHANGES: { readonly [what: string]: (op: RunOp) => RunOp } = {
  argv: (op) => ({ ...op, argv: [...op.argv, 'more'] }),
  env: (op) => ({ ...op, env: [...op.env, 'NEW=1'] }),
  cwd: (op) => ({ ...op, cwd: `${op.cwd}/x` }),
  user: (op) => ({ ...op, user: `${op.user}x` }),
  hostname: (op) => ({ ...op, hostname: `${op.hostname}x` }),
  platform: (op) => ({ ...op, platform: { ...op.platform, architecture: `${op.platform.architecture}x` } }),
  network: (op) => ({ ...op, network: op.network === 'none' ? 'host' : 'none' }),
  security: (op) => ({ ...op, security: op.security === 'sandbox' ? 'insecure' : 'sandbox' }),
  'one mount more': (op) => ({ ...op, mounts: [...op.mounts, { type: 'tmpfs', target: '/t', readOnly: false }] }),
  heredoc: (op) => ({ ...op, script: { name: 'EOF', content: `${op.script?.content ?? ''}x` } }),
  'names of extra hosts': (op) => ({ ...op, extraHosts: [...op.extraHosts, { host: 'db', ip: '1' }] }),
  ulimits: (op) => ({ ...op, ulimits: [...op.ulimits, { name: 'nofile', soft: 1, hard: 2 }] }),
  'size of /dev/shm': (op) => ({ ...op, shmSizeBytes: (op.shmSizeBytes ?? 0) + 1 }),
  devices: (op) => ({ ...op, devices: [...op.devices, { name: 'gpu', isRequired: true }] }),
};

/** What is said beforehand to be without influence on the result. */
const NO_CHANGES: { readonly [what: string]: (op: RunOp) => RunOp } = {
  'where extra hosts lead': (op) => ({ ...op, extraHosts: op.extraHosts.map(({ host }) => ({ host, ip: '9.9.9.9' })) }),
  'which cache directory is mounted, and how': (op) => ({
    ...op,
    mounts: op.mounts.map((mount) => (mount.type === 'cache' ? { ...mount, id: 'other', sharing: 'locked' } : mount)),
  }),
  'the number of the input that is bound, or that a cache starts as; its content counts': (op) => ({
    ...op,
    mounts: op.mounts.map((mount) => {
      if (mount.type === 'bind') return { ...mount, input: mount.input + 1, source: '/x' };
      return mount.type === 'cache' && mount.seed !== undefined
        ? { ...mount, seed: { input: mount.seed.input + 1, source: '/x' } }
        : mount;
    }),
  }),
  'the epoch, which dates nothing that a command writes': (op) => ({ ...op, epoch: (op.epoch ?? 0) + 1 }),
};

describe('a RUN has another key after a change of', () => {
  test.each(Object.entries(CHANGES))('%s', (_what, change) => {
    fc.assert(fc.property(runs, (op) => keyOf(change(op)) !== keyOf(op)));
  });

  test('the stack below, its order, and the bound files', () => {
    fc.assert(
      fc.property(runs, (op) => {
        const key = keyOf(op, [input('a'), input('b')]);
        expect(keyOf(op, [input('b'), input('a')])).not.toBe(key);
        expect(keyOf(op, [input('a')])).not.toBe(key);
        expect(keyOf(op, [input('a'), input('b')], digestOf('others'))).not.toBe(key);
      }),
    );
  });

  test.each(['id', 'target', 'env', 'required', 'mode', 'uid', 'gid'] as const)('the %s of a secret mount', (field) => {
    const mount = { type: 'secret', id: 'a', target: '/a', required: false, mode: 0o400, uid: 0, gid: 0 } as const;
    const other = { ...mount, [field]: field === 'required' ? true : 'x' } as RunMount;
    const [op] = fc.sample(runs, 1);
    if (op === undefined) throw new Error('no sample');
    expect(keyOf({ ...op, mounts: [other] })).not.toBe(keyOf({ ...op, mounts: [mount] }));
  });

  test('how a cache mount starts, and attributes that are given, be they the default', () => {
    const cache = { type: 'cache', id: 'a', target: '/a', sharing: 'shared', readOnly: false } as const;
    const plain = { mode: 0o755, uid: 0, gid: 0 };
    const starts: readonly Partial<typeof cache & RunMount>[] = [
      {},
      { seed: { input: 1, source: '/' } },
      ...[plain, { ...plain, mode: 0o700 }, { ...plain, uid: 1 }, { ...plain, gid: 1 }].map((attributes) => ({
        attributes,
      })),
    ];
    const [op] = fc.sample(runs, 1);
    if (op === undefined) throw new Error('no sample');
    const keys = starts.map((start) => keyOf({ ...op, mounts: [{ ...cache, ...start }] }));
    expect(new Set(keys).size).toBe(starts.length);
  });
});

describe('a RUN has the same key whatever', () => {
  test.each(Object.entries(NO_CHANGES))('%s', (_what, change) => {
    fc.assert(fc.property(runs, (op) => keyOf(change(op)) === keyOf(op)));
  });
});
