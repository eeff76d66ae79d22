import {
  chmodSync,
  existsSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Memo, NO_ENTRY, openStatIndex } from '../../../cache/index.ts';
import type { CopyOp } from '../../../src/graph/index.ts';
import { openQuickSignature } from '../../../src/host/fs/index.ts';
import { bindContent } from '../../../src/ops/copy/index.ts';
import { type ContextOptions, openContext, type StatIndex } from '../../../src/sources/context/index.ts';
import { makeMatcher, rulesOf } from '../../../src/util/match/index.ts';
import { copyOp, select } from './rig.ts';

const quickSignature = await openQuickSignature();

/** More than are looked at one by one. */
const FILES = 600;
const DIRECTORIES = 6;

let dir = '';
let memory = new Map<string, string>();
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'recalled-'));
  memory = new Map();
  // so that what is written now is old enough to be known by its state
  vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 10_000);
  writeTree();
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(dir, { recursive: true, force: true });
});

const at = (path: string): string => join(dir, 'context', path);

function writeTree(): void {
  for (let number = 0; number < DIRECTORIES; number += 1) mkdirSync(at(`d${number}`), { recursive: true });
  for (let number = 0; number < FILES; number += 1)
    writeFileSync(at(`d${number % DIRECTORIES}/f${number}`), `${number}`);
  symlinkSync('f0', at('d0/link'));
}

const memo: Memo = {
  get: (namespace, key) => memory.get(`${namespace} ${key}`),
  put: (namespace, key, value) => void memory.set(`${namespace} ${key}`, value),
};

/** What one build after the other has of the same state directory. @returns how often it was asked for a file */
function openIndex(): { index: StatIndex; asked: () => number; save: () => void } {
  const index = openStatIndex(join(dir, 'index'), { quickSignature });
  const find = vi.spyOn(index, 'find');
  return { index, asked: () => find.mock.calls.length, save: () => index.save() };
}

interface Asked {
  readonly digest: string;
  readonly asked: number;
}

async function recalled(op: CopyOp, options: ContextOptions = {}): Promise<Asked> {
  const { index, asked, save } = openIndex();
  const { digest } = await select(op, openContext(join(dir, 'context'), { statIndex: index, ...options }), memo);
  save();
  return { digest, asked: asked() };
}

/** With nothing from before. */
async function fresh(op: CopyOp, options: ContextOptions = {}): Promise<string> {
  return (await select(op, openContext(join(dir, 'context'), options))).digest;
}

const ALL = copyOp(['.'], '/x/');

describe('what has not changed is recalled', () => {
  test('without a look at what is known of each file', async () => {
    const first = await recalled(ALL);
    expect(first).toEqual({ digest: await fresh(ALL), asked: FILES });
    expect(await recalled(ALL)).toEqual({ digest: first.digest, asked: 0 });
  });

  test('and one of each op only', async () => {
    const ops = [ALL, copyOp(['.'], '/x/', { excludes: ['d0'] }), copyOp(['d1', 'd2', 'd3', 'd4', 'd5'], '/x/')];
    for (const op of ops) await recalled(op);
    expect(memory.size).toBe(ops.length);
    for (const op of ops) expect(await recalled(op)).toEqual({ digest: await fresh(op), asked: 0 });
  });

  test('also what a RUN binds, by itself', async () => {
    await recalled(ALL);
    const bound = (statIndex?: StatIndex) => {
      const tree = openContext(join(dir, 'context'), { statIndex });
      const recall = statIndex === undefined ? {} : { memo };
      return bindContent(tree, '/', { signal: new AbortController().signal, ...recall }).digest;
    };
    const expected = bound();
    const [first, second] = [openIndex(), openIndex()];
    expect(bound(first.index)).toBe(expected);
    expect(bound(second.index)).toBe(expected);
    expect([first.asked(), second.asked()]).toEqual([FILES, 0]);
  });

  test('files are told for an explanation all the same', async () => {
    await recalled(ALL);
    const tree = openContext(join(dir, 'context'), { statIndex: openIndex().index });
    const { files } = await select(ALL, tree, memo);
    expect(files).toEqual((await select(ALL, openContext(join(dir, 'context')))).files);
  });
});

describe('nothing is remembered', () => {
  test('of files that are younger than their digests can be trusted', async () => {
    vi.restoreAllMocks();
    await recalled(ALL);
    expect(memory.size).toBe(0);
  });

  test('of few files, or of few of those that were seen', async () => {
    await recalled(copyOp(['d1', 'd2'], '/x/'));
    const { index } = openIndex();
    const tree = openContext(join(dir, 'context'), { statIndex: index });
    for (let number = 0; number < 2 * FILES; number += 1) tree.lookup(`nothing-${number}` as never);
    await select(ALL, tree, memo);
    expect(memory.size).toBe(0);
  });

  test('of owners that are not those of the files', async () => {
    const attributesOf = () => ({ uid: 1, gid: 1, xattrs: new Map() });
    await recalled(ALL, { attributesOf });
    expect(memory.size).toBe(0);
  });

  test('of a file with a capability, which says more than its state', async () => {
    const getXattr = (path: Buffer) => (path.toString().endsWith('/f7') ? Buffer.from('cap') : undefined);
    await recalled(ALL, { getXattr });
    expect(memory.size).toBe(0);
  });

  test('or recalled where states are not trusted', async () => {
    await recalled(ALL);
    const zeros = `sha256:${'0'.repeat(64)}`;
    for (const [key, value] of memory) memory.set(key, value.replace(/ .*/, ` ${zeros}`));
    expect((await recalled(ALL)).digest).toBe(zeros);
    const { index } = openIndex();
    const statIndex: StatIndex = {
      isForgetful: true,
      find: () => NO_ENTRY,
      digest: (entry) => index.digest(entry),
      copyDigest: (entry, into, offset) => index.copyDigest(entry, into, offset),
      put: (state, made, began) => index.put(state, made, began),
    };
    expect((await recalled(ALL, { statIndex })).digest).toBe(await fresh(ALL));
  });
});

const file = fc.nat(FILES - 1).map((number) => `d${number % DIRECTORIES}/f${number}`);
const change = fc.oneof(
  file.map((path) => ({ path, what: 'longer', make: () => writeFileSync(at(path), `longer ${path}`) })),
  file.map((path) => ({
    path,
    what: 'as long, with its old time',
    make: () => {
      writeFileSync(at(path), 'x');
      utimesSync(at(path), 1, 1);
      writeFileSync(at(path), 'y');
      utimesSync(at(path), 1, 1);
    },
  })),
  file.map((path) => ({ path, what: 'mode', make: () => chmodSync(at(path), 0o4755) })),
  file.map((path) => ({ path, what: 'mode of its directory', make: () => chmodSync(join(at(path), '..'), 0o700) })),
  file.map((path) => ({ path, what: 'renamed', make: () => renameSync(at(path), at(`${path}-other`)) })),
  file.map((path) => ({ path, what: 'moved', make: () => renameSync(at(path), at('moved')) })),
  file.map((path) => ({ path, what: 'removed', make: () => rmSync(at(path)) })),
  file.map((path) => ({ path, what: 'linked', make: () => linkSync(at(path), at(`${path}-link`)) })),
  fc.tuple(file, file).map(([path, other]) => ({
    path,
    what: `swapped with ${other}`,
    make: () => {
      renameSync(at(path), at('swap'));
      if (other !== path) renameSync(at(other), at(path));
      renameSync(at('swap'), at(other));
    },
  })),
  fc.constantFrom('f1', 'elsewhere').map((target) => ({
    path: 'd0/link',
    what: `to ${target}`,
    make: () => {
      rmSync(at('d0/link'));
      symlinkSync(target, at('d0/link'));
      lutimesSync(at('d0/link'), 1, 1);
    },
  })),
  fc.constant({ path: 'd0', what: 'empty file beside', make: () => writeFileSync(at('d0/new'), '') }),
  fc.constant({ path: '', what: 'nothing', make: () => undefined }),
);

test('whatever changes, the digest is that of the files', { timeout: 120_000 }, async () => {
  const ops = [ALL, copyOp(['.'], '/x/', { excludes: ['**/f1*'] })];
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), fc.boolean(), async (changes, isIgnoring) => {
      rmSync(join(dir, 'context'), { recursive: true });
      writeTree();
      const options = isIgnoring ? { ignore: makeMatcher(rulesOf(['**/*-other'])) } : {};
      for (const op of ops) await recalled(op, options);
      for (const { path, make } of changes) {
        // of what an earlier change has taken away
        if (path !== '' && !existsSync(at(path))) continue;
        make();
        for (const op of ops) expect((await recalled(op, options)).digest).toBe(await fresh(op, options));
      }
    }),
    { numRuns: 40 },
  );
});
