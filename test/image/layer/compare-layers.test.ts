import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareLayers } from '../../../src/image/layer/index.ts';
import { openToc, type Toc } from '../../../src/image/toc/index.ts';
import { type Spec, tempDir, writeLayer } from '../../rig/layers.ts';

const entry = fc.constantFrom<Spec[string]>(
  'content',
  'other',
  { type: 'file', content: 'content', mode: 0o600 },
  { type: 'symlink', link: 'x' },
  { whiteout: true },
  { type: 'fifo', uid: 5 },
  { type: 'file', content: 'content', xattrs: new Map([['user.a', Buffer.from('1')]]) },
);
const spec = fc.dictionary(fc.constantFrom('a', 'a-b', 'b', 'b0', 'b1', 'c\xff', 'z'), entry, {
  noNullPrototype: true,
});

/** An entry as a difference would tell it: equal texts, no difference. */
const said = (given: Spec[string] | undefined) =>
  given === undefined
    ? 'nothing'
    : JSON.stringify(given, (_, value: unknown) => (value instanceof Map ? [...value].map(String) : value));

test('exactly the paths that are not the same are named, in order', () => {
  fc.assert(
    fc.property(spec, spec, (first, second) => {
      using dir = tempDir();
      const [a, b] = [writeLayer(dir.path, first), writeLayer(dir.path, second)].map(({ tocPath }) => openToc(tocPath));
      if (a === undefined || b === undefined) return;
      const found = [...compareLayers(a, b, undefined)];
      const paths = [...new Set([...Object.keys(first), ...Object.keys(second)])].sort();
      expect(found.map(({ path }) => path)).toEqual(paths.filter((path) => said(first[path]) !== said(second[path])));
      for (const { path, kind, fields } of found) {
        expect(kind).toBe(!(path in first) ? 'added' : !(path in second) ? 'removed' : 'changed');
        expect(fields.length > 0).toBe(kind === 'changed');
      }
    }),
    { numRuns: 150 },
  );
});

test('what differs is told with both values; times count as they will be', () => {
  using dir = tempDir();
  const before = { type: 'file', content: 'x', mode: 0o4755, uid: 1, mtimeSec: 100 } as const;
  const after = { ...before, content: 'yy', mode: 0o755, uid: 2, mtimeSec: 200, mtimeNsec: 5 } as const;
  const tocs = [writeLayer(dir.path, { f: before }), writeLayer(dir.path, { f: after })].map((one) =>
    openToc(one.tocPath),
  );
  const fieldsOf = (...args: [{ epoch: number; which: 'later' | 'all' }?]) =>
    [...compareLayers(tocs[0] as Toc, tocs[1] as Toc, args[0])][0]?.fields.map(({ name, before: from, after: to }) => [
      name,
      from,
      to,
    ]);
  expect(fieldsOf()?.slice(1)).toEqual([
    ['mode', '4755', '0755'],
    ['owner', '1:0', '2:0'],
    ['mtime', '1970-01-01T00:01:40Z', '1970-01-01T00:03:20Z'],
  ]);
  expect(fieldsOf()?.[0]?.[0]).toBe('content');
  expect(fieldsOf({ epoch: 150, which: 'later' })?.at(-1)).toEqual([
    'mtime',
    '1970-01-01T00:01:40Z',
    '1970-01-01T00:02:30Z',
  ]);
  expect(fieldsOf({ epoch: 150, which: 'all' })?.map(([name]) => name)).toEqual(['content', 'mode', 'owner']);
});
