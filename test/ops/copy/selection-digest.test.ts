import {
  chmodSync,
  existsSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openStatIndex } from '../../../cache/index.ts';
import { openQuickSignature } from '../../../src/host/fs/index.ts';
import { type ContextOptions, openContext } from '../../../src/sources/context/index.ts';
import { memoryTree } from './memory-tree.ts';
import { copyOp, select } from './rig.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'selection-'));
  mkdirSync(join(dir, 'context'));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(dir, { recursive: true, force: true });
});

const LONG = 'n'.repeat(200);
const BYTES = Buffer.from([0x66, 0xff, 0xe9, 0x0a]);

/** One of each kind that a context can have, on disk and as a tree in memory. */
function writeContext(): Parameters<typeof memoryTree>[0] {
  const at = (path: string) => join(dir, 'context', path);
  mkdirSync(at(`d/${LONG}/${LONG}`), { recursive: true });
  writeFileSync(at('d/plain'), 'plain');
  writeFileSync(at('d/empty'), '');
  writeFileSync(at(`d/${LONG}/${LONG}/deep`), 'deep');
  writeFileSync(Buffer.concat([Buffer.from(at('d/')), BYTES]), 'bytes');
  writeFileSync(at('d/setuid'), 'setuid');
  chmodSync(at('d/setuid'), 0o4711);
  writeFileSync(at('d/one'), 'one');
  linkSync(at('d/one'), at('d/two'));
  writeFileSync(at('d/alone'), 'alone');
  linkSync(at('d/alone'), at('outside'));
  symlinkSync('plain', at('d/link'));
  writeFileSync(at('top'), 'top');
  return {
    'd/plain': 'plain',
    'd/empty': '',
    [`d/${LONG}/${LONG}/deep`]: 'deep',
    [`d/${BYTES.toString('latin1')}`]: 'bytes',
    'd/setuid': { text: 'setuid', mode: 0o4711 },
    'd/one': { text: 'one', linkGroup: '1' },
    'd/two': { text: 'one', linkGroup: '1' },
    'd/alone': 'alone',
    'd/link': { link: 'plain' },
    top: 'top',
  };
}

/** Long ago, so that digests are kept of all of them. */
function age(below: string): void {
  for (const name of readdirSync(below, { encoding: 'buffer', withFileTypes: true })) {
    const path = Buffer.concat([Buffer.from(`${below}/`), name.name]);
    if (name.isDirectory()) age(path.toString());
    if (name.isSymbolicLink()) lutimesSync(path, 1, 1);
    else utimesSync(path, 1, 1);
  }
}

const digestIn = async (options: ContextOptions, sources: readonly string[]) =>
  (await select(copyOp(sources, '/x/'), openContext(join(dir, 'context'), options))).digest;

describe('files of a context are told as those of any tree', () => {
  const SOURCES: readonly (readonly string[])[] = [['d'], ['top'], ['d/plain', 'top'], ['d/o*', 'd/alone']];

  test.each(SOURCES)('%s', async (...sources) => {
    const tree = memoryTree(writeContext());
    expect(await digestIn({}, sources)).toBe((await select(copyOp(sources, '/x/'), tree)).digest);
  });

  test('with digests that an index remembers, and some that it does not', async () => {
    const files = writeContext();
    age(join(dir, 'context'));
    vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 10_000);
    const quickSignature = await openQuickSignature();
    const indexed = () => openStatIndex(join(dir, 'index'), { quickSignature });
    const first = indexed();
    const expected = (await select(copyOp(['d'], '/x/'), memoryTree(files))).digest;
    expect(await digestIn({ statIndex: first }, ['d'])).toBe(expected);
    first.save();
    expect(existsSync(join(dir, 'index'))).toBe(true);
    expect(await digestIn({ statIndex: indexed() }, ['d'])).toBe(expected);
    writeFileSync(join(dir, 'context/d/plain'), 'other');
    const changed = (await select(copyOp(['d'], '/x/'), memoryTree({ ...files, 'd/plain': 'other' }))).digest;
    expect(await digestIn({ statIndex: indexed() }, ['d'])).toBe(changed);
  });

  test('a capability makes another digest', async () => {
    const files = writeContext();
    const xattrs = new Map([['security.capability', Buffer.from('cap')]]);
    const getXattr: ContextOptions['getXattr'] = (path, name) =>
      path.toString().endsWith('/plain') ? xattrs.get(name) : undefined;
    const tree = memoryTree({ ...files, 'd/plain': { text: 'plain', xattrs } });
    expect(await digestIn({ getXattr }, ['d'])).toBe((await select(copyOp(['d'], '/x/'), tree)).digest);
    expect(await digestIn({ getXattr }, ['d'])).not.toBe(await digestIn({}, ['d']));
  });

  test('owners of an archive', async () => {
    const files = writeContext();
    const attributesOf = () => ({ uid: 3, gid: 4, xattrs: new Map() });
    const tree = memoryTree({ ...files, 'd/plain': { text: 'plain', uid: 3, gid: 4 } });
    expect(await digestIn({ attributesOf }, ['d/plain'])).toBe((await select(copyOp(['d/plain'], '/x/'), tree)).digest);
  });
});

test('which files were taken is only read when somebody asks', async () => {
  const tree = memoryTree({ 'd/f': 'f' });
  const digest = vi.spyOn(tree, 'digest');
  const selection = await select(copyOp(['d'], '/x/'), tree);
  const lookup = vi.spyOn(tree, 'lookup');
  expect(digest).toHaveBeenCalledOnce();
  expect(lookup).not.toHaveBeenCalled();
  expect(Object.keys(selection.files ?? {})).toEqual(['d/f']);
  expect(lookup).toHaveBeenCalled();
});
