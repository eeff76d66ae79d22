import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NameTree, NO_NODE, TOP_NODE } from '../../../src/image/toc/index.ts';

const part = fc.constantFrom('a', 'a-', 'a0', 'ab', 'b', '\xff', 'a'.repeat(300));
const path = fc.array(part, { minLength: 1, maxLength: 4 });

test('nodes in the order of their paths, without what was replaced', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ path, isReplaced: fc.boolean() }), { maxLength: 40 }), (steps) => {
      const tree = new NameTree();
      const model = new Set(['']);
      for (const { path, isReplaced } of steps) {
        let node = TOP_NODE;
        for (const [depth, name] of path.entries()) {
          const there = tree.find(node, name);
          model.add(path.slice(0, depth + 1).join('/'));
          node = there === NO_NODE ? tree.add(node, name) : there;
        }
        if (!isReplaced) continue;
        const whole = path.join('/');
        for (const other of model) if (other.startsWith(`${whole}/`)) model.delete(other);
        expect(tree.path(tree.replace(node))).toBe(whole);
      }
      expect([...tree.sorted()].map((node) => tree.path(node))).toEqual([...model].sort());
    }),
  );
});

test('a hundred thousand names of one directory, in any order', () => {
  const tree = new NameTree();
  const count = 100_000;
  const names = Array.from({ length: count }, (_, index) => `n${(index * 7919) % count}`);
  for (const name of names) tree.add(TOP_NODE, name);
  expect(names.every((name) => tree.name(tree.find(TOP_NODE, name)) === name)).toBe(true);
  expect(tree.find(TOP_NODE, 'n')).toBe(NO_NODE);
  expect([...tree.sorted().subarray(1)].map((node) => tree.name(node))).toEqual(names.sort());
});

test('names that were added sorted are found in their order, and only there', () => {
  fc.assert(
    fc.property(fc.uniqueArray(part), fc.array(part), (names, others) => {
      const tree = new NameTree();
      const sorted = names.sort();
      const range = tree.addSorted(TOP_NODE, sorted);
      const nodes = [...range];
      expect(nodes).toEqual(sorted.map((_, index) => range.at(index)));
      for (const name of [...names, ...others]) {
        const index = sorted.indexOf(name);
        for (const among of [range, Uint32Array.from(nodes)])
          expect(tree.findIn(among, name)).toBe(index < 0 ? NO_NODE : nodes[index]);
      }
      const into = new Uint8Array(400);
      for (const [index, node] of nodes.entries()) {
        const end = tree.copyName(node, into, 3);
        expect(Buffer.from(into.subarray(3, end)).toString('latin1')).toBe(sorted[index]);
        expect(tree.path(node)).toBe(sorted[index]);
      }
    }),
  );
});
