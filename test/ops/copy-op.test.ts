import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { contentIDOf, type DiffID, diffIDOf, digestOf, type LayerRef } from '../../cache/index.ts';
import type { CopyOp, Vertex } from '../../src/graph/index.ts';
import type { Tree } from '../../src/image/toc/index.ts';
import { copyOp } from '../../src/ops/copy-op.ts';
import type { OpDeps } from '../../src/ops/deps.ts';
import type { PreparedStep, Result } from '../../src/solver/index.ts';
import { type TempDir, tempDir } from '../rig/layers.ts';
import { openFiles } from '../rig/open-files.ts';
import { untimedStep } from '../rig/untimed.ts';
import { memoryTree } from './copy/memory-tree.ts';
import { copyOp as opOf } from './copy/rig.ts';

let dir: TempDir;
beforeEach(() => {
  dir = tempDir();
});
afterEach(() => dir[Symbol.dispose]());

/** A tree that counts how often each file is hashed, and is read. */
function counting(tree: Tree) {
  const counts = { digest: 0, read: 0, list: 0 };
  const counted: Tree = {
    lookup: (path) => tree.lookup(path),
    list: (path) => {
      counts.list += 1;
      return tree.list(path);
    },
    digest: (entry) => {
      counts.digest += 1;
      return tree.digest(entry);
    },
    read: (entry, sink) => {
      counts.read += 1;
      tree.read(entry, sink);
    },
  };
  return { tree: counted, counts };
}

function layer(name: string): LayerRef {
  const diffID: DiffID = diffIDOf(digestOf(name));
  return { diffID, contentID: contentIDOf(diffID), verified: true, origins: [] };
}

const BASE: Result = { kind: 'stack', layers: [layer('base')] };

/** A step over stacks that are here or must be fetched; says what was opened and warned. */
function rig(stacks: Readonly<Record<string, { tree: Tree; isHere?: boolean }>>) {
  const log: string[] = [];
  const memo = new Map<string, string>();
  const open = (how: string, [top]: readonly LayerRef[]) => {
    const name = Object.keys(stacks).find((one) => layer(one).diffID === top?.diffID);
    const stack = name === undefined ? undefined : stacks[name];
    if (stack === undefined || (how === 'here' && stack.isHere === false)) return undefined;
    log.push(`${how} ${name}`);
    return { ...stack.tree, close: () => void log.push(`close ${name}`) };
  };
  const selections: string[] = [];
  let count = 0;
  const deps = {
    openStack: (layers: readonly LayerRef[]) =>
      Promise.resolve(open('open', layers) ?? { ...memoryTree({}), close() {} }),
    openStackIfHere: (layers: readonly LayerRef[]) => open('here', layers),
    memo: {
      get: (namespace: string, key: string) => memo.get(namespace + key),
      put: (namespace: string, key: string, value: string) => void memo.set(namespace + key, value),
    },
    filter: () => {
      throw new Error('nothing to decompress');
    },
    tempDir: dir.path,
    publishLayer: (async (write) => {
      count += 1;
      return write({ tarPath: join(dir.path, `${count}.tar`), tocPath: join(dir.path, `${count}.toc`) });
    }) as OpDeps['publishLayer'],
  } as unknown as OpDeps;
  const step = {
    signal: new AbortController().signal,
    output: () => undefined,
    warn: (text: string) => void log.push(`warning: ${text}`),
    logsTo: () => undefined,
    ...untimedStep,
    timed: <T>(phase: string, work: () => T): T => {
      if (phase === 'select') selections.push('begins');
      const made = work();
      if (phase === 'select') void (made as Promise<unknown>).then(() => selections.push('ends'));
      return made;
    },
  };
  const runner = copyOp(deps);
  return {
    log,
    selections,
    prepare: async (op: CopyOp, inputs: readonly Result[], below = 'image'): Promise<PreparedStep> => {
      const vertex = { op, inputs: [{ op: { kind: below } }], origin: { buildArgs: {} } } as unknown as Vertex<CopyOp>;
      const prepared = await runner.prepare(vertex, inputs, step);
      if (prepared.kind !== 'step') throw new Error('a copy is a step');
      return prepared;
    },
  };
}

async function materials(prepared: PreparedStep) {
  return [await prepared.keys[0]?.material(), await prepared.keys[1]?.material()];
}

const FILES = { 'a/one': '1', 'a/two': '22', 'a/sub/three': '333' };

describe('from a context', () => {
  test('a cold COPY walks and hashes its sources once, and reads them once more to write them', async () => {
    const { tree, counts } = counting(memoryTree(FILES));
    const { prepare, log } = rig({ base: { tree: memoryTree({ 'etc/': {} }) } });
    const prepared = await prepare(opOf(['a'], '/dest/'), [BASE, { kind: 'tree', tree }]);
    const [exact, facts] = await materials(prepared);
    const made = await prepared.run();
    expect(counts).toEqual({ digest: 3, read: 3, list: 2 });
    expect(made.materials).toEqual([exact, facts]);
    expect(log).toEqual(['here base', 'close base', 'open base', 'close base']);
    expect(Object.keys(prepared.explanation.files ?? {})).toEqual(['a/one', 'a/sub', 'a/sub/three', 'a/two']);
  });

  test('files that change before they are written are published as what they were, with a warning', async () => {
    const now: Record<string, string> = { f: 'old' };
    const tree: Tree = { ...memoryTree(now), read: (_entry, sink) => sink(Buffer.from(now['f'] ?? '')) };
    const { prepare, log } = rig({ base: { tree: memoryTree({}) } });
    const prepared = await prepare(opOf(['f'], '/'), [BASE, { kind: 'tree', tree }]);
    const [exact] = await materials(prepared);
    now['f'] = 'new';
    const made = await prepared.run();
    expect(log).toContain('warning: files changed while they were copied; this step will not be found in the cache');
    expect(made.materials[0]?.content).not.toBe(exact?.content);
    const again = await prepare(opOf(['f'], '/'), [BASE, { kind: 'tree', tree: memoryTree({ f: 'new' }) }]);
    expect((await materials(again))[0]).toEqual(made.materials[0]);
  });

  test('the files of one COPY are looked at after those of another', async () => {
    const { prepare, selections } = rig({ base: { tree: memoryTree({}) } });
    const inputs: Result[] = [BASE, { kind: 'tree', tree: memoryTree(FILES) }];
    await Promise.all([prepare(opOf(['a'], '/'), inputs), prepare(opOf(['a/sub'], '/'), inputs)]);
    expect(selections).toEqual(['begins', 'ends', 'begins', 'ends']);
  });

  test('what cannot be written leaves no open file', async () => {
    const tree: Tree = {
      ...memoryTree(FILES),
      read: () => {
        throw new Error('disk gone');
      },
    };
    const { prepare } = rig({ base: { tree: memoryTree({}) } });
    const prepared = await prepare(opOf(['a'], '/'), [BASE, { kind: 'tree', tree }]);
    await expect(prepared.run()).rejects.toThrow('disk gone');
    expect(openFiles(dir.path)).toEqual([]);
  });
});

describe('from a stage', () => {
  const stage: Result = { kind: 'stack', layers: [layer('stage')] };

  test('the digest is remembered: the second time nothing is opened for the exact key', async () => {
    const { prepare, log } = rig({ stage: { tree: memoryTree(FILES) }, base: { tree: memoryTree({}) } });
    const first = await prepare(opOf(['a'], '/dest/'), [BASE, stage]);
    expect(log.splice(0)).toEqual(['open stage', 'close stage']);
    const second = await prepare(opOf(['a'], '/dest/'), [BASE, stage]);
    expect((await materials(second))[0]).toEqual((await materials(first))[0]);
    expect(log.filter((line) => line.startsWith('open'))).toEqual([]);
  });

  test('a look-up by facts fetches nothing', async () => {
    const { prepare, log } = rig({ stage: { tree: memoryTree(FILES), isHere: false }, base: { tree: memoryTree({}) } });
    const prepared = await prepare(opOf(['a'], '/dest/'), [BASE, stage]);
    log.length = 0;
    expect(await prepared.keys[1]?.material()).toBeUndefined();
    expect(log).toEqual(['here base', 'close base']);
    expect((await prepared.run()).materials).toHaveLength(2);
  });

  test('--link depends on nothing below', async () => {
    const { prepare } = rig({ stage: { tree: memoryTree(FILES) }, base: { tree: memoryTree({}) } });
    const prepared = await prepare(opOf(['a'], '/dest/', { link: true }), [BASE, stage]);
    const [exact, facts] = await materials(prepared);
    expect(exact?.inputs).toEqual([]);
    expect(facts).toBeUndefined();
    expect((await prepared.run()).materials).toEqual([exact]);
  });

  test('a conflict with the destination is told by the run, not by the look-up', async () => {
    const base = memoryTree({ dest: 'a file' });
    const { prepare } = rig({ stage: { tree: memoryTree(FILES) }, base: { tree: base } });
    const prepared = await prepare(opOf(['a'], '/dest'), [BASE, stage]);
    expect((await materials(prepared))[1]).toBeUndefined();
    await expect(prepared.run()).rejects.toMatchObject({ code: 'copy-conflict' });
  });
});

describe('--chown of a COPY onto scratch', () => {
  const EMPTY: Result = { kind: 'stack', layers: [] };

  test.each(['app', 'app:1', '1:web', '1:2:3'])(
    '%s has a name, which is refused before the cache is asked',
    async (chown) => {
      const { prepare } = rig({});
      const prepared = prepare(
        opOf(['a'], '/', { chown }),
        [EMPTY, { kind: 'tree', tree: memoryTree(FILES) }],
        'scratch',
      );
      await expect(prepared).rejects.toMatchObject({ code: 'copy-invalid', message: expect.stringContaining(chown) });
    },
  );

  test.each(['1', '1:2', 'root:root', '1:', ':1', ':'])('%s has none', async (chown) => {
    const { prepare } = rig({});
    const prepared = prepare(
      opOf(['a'], '/', { chown }),
      [EMPTY, { kind: 'tree', tree: memoryTree(FILES) }],
      'scratch',
    );
    await expect(prepared).resolves.toMatchObject({ kind: 'step' });
  });

  test('an image without layers has no names, and no owner fails for that', async () => {
    const { prepare } = rig({});
    const prepared = prepare(opOf(['a'], '/', { chown: 'app' }), [EMPTY, { kind: 'tree', tree: memoryTree(FILES) }]);
    await expect(prepared).resolves.toMatchObject({ kind: 'step' });
  });
});
