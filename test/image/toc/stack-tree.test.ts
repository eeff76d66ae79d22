import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { digestOf } from '../../../cache/index.ts';
import { BARE } from '../../../src/image/archive/index.ts';
import { openToc, type StackLayer, type StackTree, stackTree, type TocEntry } from '../../../src/image/toc/index.ts';
import { joinRel, parentOf, type RelPath, relPath, TOP } from '../../../src/util/rel-path.ts';
import { type Spec, tempDir, writeLayer } from '../../rig/layers.ts';
import { encodeToc } from '../../rig/toc.ts';

function stackOf(dir: string, ...specs: readonly Spec[]): StackTree {
  return stackTree(specs.map((spec) => openLayer(writeLayer(dir, spec))));
}

function openLayer(files: { readonly tarPath: string; readonly tocPath: string }): StackLayer {
  return { toc: openToc(files.tocPath), tarPath: files.tarPath };
}

const at = relPath;

describe('layers of our own', () => {
  test('upper files, whiteouts, opaque directories, a directory over a file', () => {
    using dir = tempDir();
    const tree = stackOf(
      dir.path,
      { 'd/': {}, 'd/old': '1', 'd/gone': '2', 'e/': {}, 'e/hidden': '3', f: '4', 'g/': {}, 'g/x': '5' },
      {
        'd/': { mode: 0o700 },
        'd/old': 'new',
        'd/gone': { whiteout: true },
        'e/': { opaque: true },
        'e/own': '6',
        'f/': {},
        g: '7',
      },
    );
    expect(tree.list(TOP)).toEqual(['d', 'e', 'f', 'g']);
    expect(tree.lookup(at('d'))).toMatchObject({ mode: 0o700 });
    expect(tree.list(at('d'))).toEqual(['old']);
    expect(tree.readSmall(at('d/old'), 10)?.toString()).toBe('new');
    expect(tree.list(at('e'))).toEqual(['own']);
    expect(tree.lookup(at('f'))?.type).toBe('directory');
    expect(tree.lookup(at('g/x'))).toBeUndefined();
    expect(tree.list(at('g'))).toEqual([]);
    expect(tree.list(at('nowhere'))).toEqual([]);
    tree.close();
  });

  test('contents: digests known and computed, large ones in chunks, limits, what is no file', () => {
    using dir = tempDir();
    const content = 'x'.repeat(3_000_000);
    const written = writeLayer(dir.path, { big: content, empty: '', link: { type: 'symlink', link: 'big' } });
    const known = stackTree([openLayer(written)]);
    const toc = [...openToc(written.tocPath).entries()].map((one) => ({ ...one, digest: undefined }));
    const foreign = stackTree([{ toc: openToc(encodeToc(toc)), tarPath: written.tarPath }]);
    for (const tree of [known, foreign]) {
      const entry = tree.lookup(at('big'));
      if (entry === undefined) throw new Error('no big');
      expect(tree.digest(entry)).toBe(digestOf(content));
      expect(tree.digest({ ...entry })).toBe(digestOf(content));
      const sizes: number[] = [];
      tree.read(entry, (chunk) => void sizes.push(chunk.length));
      expect(sizes).toEqual([1_048_576, 1_048_576, 902_848]);
      expect(tree.readSmall(at('big'), 2_999_999)).toBeUndefined();
      expect(tree.readSmall(at('link'), 10)).toBeUndefined();
      expect(tree.readSmall(at('empty'), 10)).toEqual(Buffer.alloc(0));
      const link = tree.lookup(at('link'));
      expect(() => link !== undefined && tree.digest(link)).toThrow('no regular file');
      tree.close();
      expect(tree.readSmall(at('big'), 1e9)?.length, 'opens again').toBe(3_000_000);
      tree.close();
    }
  });

  test('a tar that is shorter than its toc says', () => {
    using dir = tempDir();
    const written = writeLayer(dir.path, { f: 'content' });
    writeFileSync(written.tarPath, '');
    const tree = stackTree([openLayer(written)]);
    expect(() => tree.readSmall(at('f'), 10)).toThrow('ends in the middle of f');
    tree.close();
  });

  test('no layers, and a top that a layer describes: it counts for nothing', () => {
    using dir = tempDir();
    expect(stackTree([]).lookup(TOP)).toMatchObject({ type: 'directory', mode: 0o755, isImplied: true });
    expect(stackTree([]).list(TOP)).toEqual([]);
    expect(stackOf(dir.path, { '/': { mode: 0o700 } }, { f: '' }).lookup(TOP)).toMatchObject({ mode: 0o755 });
  });

  test('an entry of another stack is looked for by its path', () => {
    using dir = tempDir();
    const one = stackOf(dir.path, { f: 'one' });
    const two = stackOf(dir.path, { f: 'two' });
    const entry = one.lookup(at('f'));
    if (entry === undefined) throw new Error('no f');
    expect(two.digest(entry)).toBe(digestOf('two'));
  });
});

describe('foreign layers', () => {
  const entry = (path: string, more: Partial<TocEntry> = {}): TocEntry => ({ ...PLAIN, path: at(path), ...more });
  const open = (...layers: readonly (readonly TocEntry[])[]) =>
    stackTree(layers.map((entries) => ({ toc: openToc(encodeToc(entries)), tarPath: '/nowhere' })));
  const file = (path: string, text: string) => entry(path, { digest: digestOf(text) });
  const link = (path: string, target: string) => entry(path, { type: 'hardlink', link: target, linkGroup: target });

  test('a link into a lower layer shows what is there, from any depth of links', () => {
    const tree = open(
      [file('a', 'low')],
      [link('b', 'a')],
      [link('c', 'b')],
      [entry('a', { whiteout: true }), link('d', 'a')],
    );
    expect(tree.list(TOP)).toEqual(['b', 'c', 'd']);
    for (const path of ['b', 'c', 'd']) {
      const found = tree.lookup(at(path));
      expect(found).toMatchObject({ path, type: 'file' });
      expect(found === undefined ? '' : tree.digest(found)).toBe(digestOf('low'));
    }
  });

  test('links to nothing and to directories show nothing', () => {
    const tree = open([entry('d', { type: 'directory' })], [link('x', 'd'), link('y', 'gone'), link('z', 'z')]);
    for (const path of ['x', 'y', 'z']) expect(tree.lookup(at(path))).toBeUndefined();
  });

  test('names of one inode have one group, of its layer alone', () => {
    const group = (text: string) => [{ ...file('a', text), linkGroup: 'a' }, link('b', 'a')];
    const tree = open(group('1'), [
      { ...file('c/a', '1'), linkGroup: 'a' },
      { ...link('c/b', 'c/a'), linkGroup: 'a' },
    ]);
    const groups = ['a', 'b', 'c/a', 'c/b'].map((path) => tree.lookup(at(path))?.linkGroup);
    expect(groups[0]).toBe(groups[1]);
    expect(groups[2]).toBe(groups[3]);
    expect(groups[0]).not.toBe(groups[2]);
  });

  test('a directory that nothing names', () => {
    const tree = open([file('d/f', '1')], [file('e', '2')], [file('e/f', '3')]);
    expect(tree.lookup(at('d'))).toMatchObject({ type: 'directory', mode: 0o755, uid: 0 });
    expect(tree.lookup(at('e'))?.type, 'it hides a file below').toBe('directory');
    expect(tree.list(at('e'))).toEqual(['f']);
  });
});

const PLAIN: Omit<TocEntry, 'path'> = { ...BARE, type: 'file', mode: 0o644, offset: 0 };

const path = fc
  .array(fc.constantFrom('a', 'b', 'a.'), { minLength: 1, maxLength: 3 })
  .map((parts) => relPath(parts.join('/')));
const item = fc.record({
  path: fc.oneof({ weight: 20, arbitrary: path }, { weight: 1, arbitrary: fc.constant(TOP) }),
  kind: fc.constantFrom('file', 'file', 'directory', 'directory', 'opaque', 'symlink', 'whiteout', 'hardlink'),
  target: path,
});
type Item = { path: RelPath; kind: string; target: RelPath };

/** Items that can be one layer: each path once, nothing below what is no directory, the top a directory. */
const layer = fc.uniqueArray(item, { selector: (one) => one.path, maxLength: 8 }).map((items) => {
  const leaves = new Set(items.filter(({ kind }) => kind !== 'directory' && kind !== 'opaque').map((one) => one.path));
  return items.filter(
    ({ path: own, kind }) =>
      !ancestors(own).some((one) => leaves.has(one)) && (own !== TOP || kind === 'directory' || kind === 'opaque'),
  );
});

test('any stack shows what laying its layers over one another gives', () => {
  fc.assert(
    fc.property(fc.array(layer, { maxLength: 4 }), (layers) => {
      const tree = stackTree(
        layers.map((items, index) => ({
          toc: openToc(encodeToc(items.map((one) => tocEntry(one, { index, items })))),
          tarPath: '/nowhere',
        })),
      );
      const shown = new Map<string, string>();
      collect(tree, TOP, shown);
      expect(Object.fromEntries(shown)).toEqual(Object.fromEntries(laidOver(layers)));
      for (const items of layers)
        for (const { path: one } of items) if (one !== TOP) expect(describeEntry(tree, one)).toBe(shown.get(one));
    }),
    { numRuns: 1000 },
  );
}, 60_000);

function tocEntry(
  { path: own, kind, target }: Item,
  { index, items }: { index: number; items: readonly Item[] },
): TocEntry {
  const isLinked = items.some((one) => one.kind === 'hardlink' && one.target === own);
  const entry = { ...PLAIN, path: own, ...(isLinked ? { linkGroup: own } : {}) };
  switch (kind) {
    case 'file':
      return { ...entry, digest: digestOf(`${index} ${own}`) };
    case 'directory':
      return { ...entry, type: 'directory', uid: index };
    case 'opaque':
      return { ...entry, type: 'directory', uid: index, opaque: true };
    case 'symlink':
      return { ...entry, type: 'symlink', link: `${index} ${own}` };
    case 'whiteout':
      return { ...entry, whiteout: true };
    default:
      return { ...entry, type: 'hardlink', link: target, linkGroup: target };
  }
}

function collect(tree: StackTree, dir: RelPath, into: Map<string, string>): void {
  for (const name of tree.list(dir)) {
    const path = joinRel(dir, name);
    const shown = describeEntry(tree, path);
    if (shown === undefined) continue;
    into.set(path, shown);
    collect(tree, path, into);
  }
}

function describeEntry(tree: StackTree, path: RelPath): string | undefined {
  const entry = tree.lookup(path);
  if (entry === undefined) return undefined;
  if (entry.type === 'directory') return `directory ${entry.uid}`;
  return entry.type === 'file' ? tree.digest(entry) : `symlink ${entry.link}`;
}

/** A map of paths, layer by layer: first what each layer removes, then what it has. */
function laidOver(layers: readonly (readonly Item[])[]): Map<string, string> {
  const files = new Map<string, string>();
  for (const [index, items] of layers.entries()) {
    const below = new Map(files);
    for (const { path: own, kind } of items) {
      if (kind === 'whiteout') remove(files, own);
      if (kind === 'opaque') removeBelow(files, own);
    }
    for (const one of [...items].sort((a, b) => (a.path < b.path ? -1 : 1))) add(files, one, { index, items, below });
  }
  return files;
}

interface Laying {
  readonly index: number;
  readonly items: readonly Item[];
  readonly below: ReadonlyMap<string, string>;
}

function add(files: Map<string, string>, one: Item, { index, items, below }: Laying): void {
  for (const dir of ancestors(one.path))
    if (files.get(dir)?.startsWith('directory') !== true) files.set(dir, 'directory 0');
  if (one.kind === 'whiteout') return;
  if (one.kind === 'directory' || one.kind === 'opaque') {
    if (one.path !== TOP) files.set(one.path, `directory ${index}`);
    return;
  }
  remove(files, one.path);
  const near = items.find(({ path: own, kind }) => own === one.target && kind !== 'hardlink' && kind !== 'whiteout');
  const shown =
    one.kind !== 'hardlink' ? leaf(one, index) : near === undefined ? below.get(one.target) : leaf(near, index);
  if (shown !== undefined && !shown.startsWith('directory')) files.set(one.path, shown);
}

function leaf({ path: own, kind }: Item, index: number): string {
  return kind === 'file' ? digestOf(`${index} ${own}`) : kind === 'symlink' ? `symlink ${index} ${own}` : 'directory';
}

function ancestors(own: RelPath): RelPath[] {
  const all: RelPath[] = [];
  for (let dir = parentOf(own); dir !== TOP; dir = parentOf(dir)) all.unshift(dir);
  return all;
}

function remove(files: Map<string, string>, own: RelPath): void {
  files.delete(own);
  removeBelow(files, own);
}

function removeBelow(files: Map<string, string>, own: RelPath): void {
  for (const other of [...files.keys()]) if (own === TOP || other.startsWith(`${own}/`)) files.delete(other);
}
