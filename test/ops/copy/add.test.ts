import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { digestOf } from '../../../cache/index.ts';
import type { Tree, TreeEntry } from '../../../src/image/toc/index.ts';
import { planCopy, selectSources, writeCopy } from '../../../src/ops/copy/index.ts';
import { type RelPath, TOP } from '../../../src/util/rel-path.ts';
import { filter, makeTar } from '../../sources/context/make-tar.ts';
import { MemoryLayer, memoryTree } from './memory-tree.ts';
import { copyOp, SCRATCH } from './rig.ts';

const tar = makeTar([
  { path: 'top', type: 'directory', mode: 0o750 },
  { path: 'top/f', text: 'f', uid: 3 },
]);

/** As memoryTree, of bytes; counts how often each file is read. */
function bytesTree(
  files: { readonly [path: string]: Uint8Array },
  more: object = {},
): Tree & { readonly reads: string[] } {
  const shape = memoryTree(Object.fromEntries(Object.keys(files).map((path) => [path, ''])));
  const reads: string[] = [];
  const sized = (path: RelPath): TreeEntry | undefined => {
    const entry = shape.lookup(path);
    return entry?.type === 'file' ? { ...entry, size: files[path]?.length ?? 0 } : entry;
  };
  return {
    ...shape,
    ...more,
    reads,
    lookup: sized,
    digest: (entry) => digestOf(files[entry.path] ?? ''),
    read(entry, sink) {
      reads.push(entry.path);
      const bytes = files[entry.path] ?? Buffer.alloc(0);
      if (bytes.length > 0) sink(bytes);
    },
  };
}

const files = {
  'a.tar': tar,
  'b.jpg': gzipSync(tar),
  'c.tar': Buffer.from('text\n'.repeat(300)),
  'd.gz': gzipSync('text'),
  'e.tar': Buffer.alloc(0),
  'dir/in.tar': tar,
};
const options = { signal: new AbortController().signal, filter };

async function add(sources: string[], more: Parameters<typeof copyOp>[2] = {}, tree: Tree = bytesTree(files)) {
  const op = copyOp(sources, '/x/', { instruction: 'ADD', unpack: 'auto', ...more });
  const selection = await selectSources(op, new Map([[1, tree]]), options);
  const layer = new MemoryLayer();
  expect(writeCopy(planCopy(op, selection, SCRATCH), layer.asWriter())).toBe(selection.digest);
  return layer.entries.map(({ entry }) => entry.path);
}

test.each<[string[], string[]]>([
  [['a.tar'], ['x', 'x/top', 'x/top/f']],
  [['b.jpg'], ['x', 'x/top', 'x/top/f']],
  [
    ['c.tar', 'd.gz', 'e.tar'],
    ['x', 'x/c.tar', 'x/d.gz', 'x/e.tar'],
  ],
  [['dir'], ['x', 'x/in.tar']],
  [['*.tar'], ['x', 'x/c.tar', 'x/e.tar', 'x/top', 'x/top/f']],
])('ADD %j', async (sources, expected) => {
  expect(await add(sources)).toEqual(expected);
});

test('COPY and --unpack=false leave archives as they are; a URL’s is unpacked only when asked for', async () => {
  expect(await add(['a.tar'], { unpack: false })).toEqual(['x', 'x/a.tar']);
  const remote = bytesTree({ 'a*.tar': tar }, { isRemote: true });
  expect(await add(['a*.tar'], {}, remote)).toEqual(['x', 'x/a*.tar']);
  expect(await add(['a*.tar'], { unpack: true }, remote)).toEqual(['x', 'x/top', 'x/top/f']);
});

test('the key needs the head of an archive only, and an archive is unpacked once', async () => {
  const tree = bytesTree({ 'a.tar': tar });
  const op = copyOp(['a.tar'], '/x/', { instruction: 'ADD', unpack: 'auto' });
  const key = await selectSources(op, new Map([[1, tree]]), { ...options, keyOnly: true });
  expect(tree.reads).toHaveLength(1);
  expect(() => planCopy(op, key, SCRATCH)).toThrow('digest only');
  const [one, two] = [
    await selectSources(op, new Map([[1, tree]]), options),
    await selectSources(op, new Map([[1, tree]]), options),
  ];
  expect([one.digest, two.digest]).toEqual([key.digest, key.digest]);
  expect(tree.reads).toHaveLength(2);
  expect(tree.lookup(TOP)?.type).toBe('directory');
});

test('a broken archive is an error that names it', async () => {
  await expect(add(['a.tar'], {}, bytesTree({ 'a.tar': tar.subarray(0, 1200) }))).rejects.toMatchObject({
    code: 'layer-refused',
    message: expect.stringContaining('a.tar'),
  });
});
