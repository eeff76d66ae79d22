import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BuildError } from '../../../src/errors.ts';
import type { CopyOp } from '../../../src/graph/index.ts';
import type { Tree } from '../../../src/image/toc/index.ts';
import type { RelPath } from '../../../src/util/rel-path.ts';
import { memoryTree, type Seen, type Spec, seenOf, textOf } from './memory-tree.ts';
import { copy, copyOp } from './rig.ts';

const part = fc.constantFrom('a', 'b', 'c');
const path = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
const attributes = fc.record({
  mode: fc.constantFrom(0o600, 0o755, 0o4711),
  uid: fc.constantFrom(0, 7),
  mtimeSec: fc.constantFrom(1, 2),
});
const spec: fc.Arbitrary<Spec> = fc
  .oneof(
    fc.record({ text: fc.constantFrom('1', '22') }),
    fc.constant({ type: 'directory' as const }),
    fc.record({
      link: fc.oneof(
        path,
        path.map((to) => `/${to}`),
        fc.constantFrom('..', '../a', '.'),
      ),
    }),
  )
  .chain((what) => attributes.map((more): Spec => ({ ...what, ...more })));
const tree = fc.array(fc.tuple(path, spec), { maxLength: 7 }).map((entries) => memoryTree(consistent(entries)));
const dest = fc.tuple(path, fc.constantFrom('', '/', '/.')).map(([to, end]) => `/${to}${end}`);
const op: fc.Arbitrary<CopyOp> = fc
  .tuple(
    fc.array(fc.oneof(path, fc.constantFrom('.', '*', 'a/*', '?/b')), { minLength: 1, maxLength: 3 }),
    dest,
    fc.record({ chown: fc.constantFrom(undefined, '5:6'), chmod: fc.constantFrom(undefined, '2750', 'go-rx') }),
  )
  .map(([sources, to, flags]) => copyOp(sources, to, flags));

test('the layer on top of the base is what copying into the base gives', async () => {
  await fc.assert(
    fc.asyncProperty(tree, tree, op, async (source, base, copied) => {
      const expected = model(copied, source, base);
      try {
        const { layer } = await copy(copied, source, base);
        expect(withoutMadeTimes(layer.over(base))).toEqual(withoutMadeTimes(expected));
      } catch (error) {
        if (!(error instanceof BuildError)) throw error;
        expect(expected).toBe('fails');
      }
    }),
    { numRuns: 3000 },
  );
});

test('bases that agree in the facts get the same layer', async () => {
  await fc.assert(
    fc.asyncProperty(tree, tree, tree, op, async (source, base, other, copied) => {
      const [one, two] = await Promise.all(
        [base, other].map((below) =>
          copy(copied, source, below).catch((error: unknown) =>
            error instanceof BuildError ? undefined : Promise.reject(error as Error),
          ),
        ),
      );
      if (one === undefined || two === undefined) return;
      if (JSON.stringify(one.plan.facts) === JSON.stringify(two.plan.facts))
        expect(two.layer.lines()).toEqual(one.layer.lines());
    }),
    { numRuns: 3000 },
  );
});

/** No two entries at one path, and nothing below a file. */
function consistent(entries: readonly (readonly [string, Spec])[]): { [path: string]: Spec } {
  const kept: { [path: string]: Spec } = {};
  for (const [name, what] of entries) {
    const clashes = Object.entries(kept).some(
      ([other, { type }]) =>
        other === name ||
        (name.startsWith(`${other}/`) && type !== 'directory') ||
        (other.startsWith(`${name}/`) && what.type !== 'directory'),
    );
    if (!clashes) kept[name] = what;
  }
  return kept;
}

/** The clock's and the base's directory times differ between a layer and a file system; a copied file's do not. */
function withoutMadeTimes(seen: Map<string, Seen> | string) {
  if (typeof seen === 'string') return seen;
  return [...seen].map(([name, file]) => [name, file.type === 'directory' ? { ...file, mtimeSec: 0 } : file]).sort();
}

type Files = Map<string, Seen>;

/** fsutil's copy on a plain map, step by step. */
function model({ sources, dest: to, chown, chmod }: CopyOp, source: Tree, base: Tree): Files | 'fails' {
  const files = filesOf(base);
  const from = filesOf(source);
  const owner = chown ?? undefined;
  const modeOf = (mode: number) => (chmod === undefined ? mode : chmod === '2750' ? 0o2750 : mode & ~0o55);
  const mkdirs = (dir: string): boolean => {
    const parts = dir.split('/').filter(Boolean);
    return parts.every((_, i) => {
      const at = parts.slice(0, i + 1).join('/');
      if (!files.has(at))
        files.set(at, {
          type: 'directory',
          mode: chmod === '2750' ? 0o750 : 0o755,
          owner: owner ?? '0:0',
          content: '',
          mtimeSec: 0,
        });
      return files.get(at)?.type === 'directory';
    });
  };
  for (const argument of sources) {
    if (argument.kind !== 'path') throw new Error('not in this model');
    const matches = matchesOf(from, argument.path);
    if (matches === undefined) return 'fails';
    for (const written of matches) {
      const real = follow(from, written);
      if (real === undefined) return 'fails';
      const top = real === '' ? DIRECTORY : from.get(real);
      if (top === undefined) return 'fails';
      const ensured = follow(files, /\/\.?$/.test(to) ? to : to.slice(0, to.lastIndexOf('/')));
      if (ensured === undefined || !mkdirs(ensured)) return 'fails';
      let target = follow(files, to);
      if (target === undefined) return 'fails';
      if (top.type !== 'directory') {
        if (target === '' || files.get(target)?.type === 'directory')
          target = join(target, written.split('/').at(-1) ?? '');
        if (!mkdirs(target.split('/').slice(0, -1).join('/'))) return 'fails';
      } else if (!mkdirs(target)) {
        return 'fails';
      }
      const below =
        top.type === 'directory'
          ? [...from].filter(([name]) => (real === '' ? name !== '' : name.startsWith(`${real}/`)))
          : [[real, top] as const];
      for (const [name, file] of below) {
        const at = top.type === 'directory' ? join(target, real === '' ? name : name.slice(real.length + 1)) : target;
        const there = files.get(at);
        if (there !== undefined && (there.type === 'directory') !== (file.type === 'directory')) return 'fails';
        files.set(at, {
          ...file,
          owner: owner ?? file.owner,
          mode: file.type === 'symlink' ? file.mode : modeOf(file.mode),
        });
      }
    }
  }
  return files;
}

const DIRECTORY: Seen = { type: 'directory', mode: 0o755, owner: '0:0', content: '', mtimeSec: 0 };

/** undefined for a loop of links, and where what stands before the wildcard is not there. */
function matchesOf(files: Files, pattern: string): string[] | undefined {
  if (!/[*?]/.test(pattern)) return [pattern === '.' ? '' : pattern];
  const [first = '', second] = pattern.split('/');
  if (!/[*?]/.test(first)) {
    const dir = follow(files, first);
    return dir === undefined || !(dir === '' || files.has(dir)) ? undefined : childrenOf(files, dir);
  }
  if (second === undefined) return childrenOf(files, '');
  return childrenOf(files, '')
    .flatMap((dir) => childrenOf(files, dir))
    .filter((name) => name.endsWith('/b'));
}

function childrenOf(files: Files, dir: string): string[] {
  return [...files.keys()].filter((name) => name.slice(0, Math.max(name.lastIndexOf('/'), 0)) === dir).sort();
}

/** undefined for a loop. */
function follow(files: Files, start: string, hops = 300): string | undefined {
  const left = start.split('/').filter((p) => p !== '' && p !== '.');
  let at = '';
  while (left.length > 0) {
    const next = left.shift() ?? '';
    if (next === '..') at = at.split('/').slice(0, -1).join('/');
    else {
      const file = files.get(join(at, next));
      if (file?.type !== 'symlink') at = join(at, next);
      else if (hops === 0) return undefined;
      else return follow(files, [file.content.startsWith('/') ? '' : at, file.content, ...left].join('/'), hops - 1);
    }
  }
  return at;
}

function join(dir: string, name: string): string {
  return dir === '' ? name : `${dir}/${name}`;
}

function filesOf(of: Tree): Files {
  const files: Files = new Map();
  const walk = (dir: string) => {
    for (const name of of.list(dir as RelPath)) {
      const entry = of.lookup(join(dir, name) as RelPath);
      if (entry === undefined) continue;
      files.set(entry.path, seenOf(entry, textOf(of, entry)));
      if (entry.type === 'directory') walk(entry.path);
    }
  };
  walk('');
  return files;
}
