import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { BuildError } from '../../../src/errors.ts';
import type { CopyOp } from '../../../src/graph/index.ts';
import { lgetxattr } from '../../../src/host/sys/index.ts';
import { makeTarReader, type TarEntry } from '../../../src/image/archive/index.ts';
import { compareTarNames, openLayerWriter } from '../../../src/image/layer/index.ts';
import { openToc, stackTree, type Toc, type Tree } from '../../../src/image/toc/index.ts';
import { planCopy, writeCopy } from '../../../src/ops/copy/index.ts';
import { openContext } from '../../../src/sources/context/index.ts';
import { relPath } from '../../../src/util/rel-path.ts';
import { CHMODS, files, MODES, OWNERS, op, PASSWD } from './differential/cases.ts';
import { CAPABILITY, comparable, type Made, makeFiles, overlaid, type Seen, seenIn } from './differential/files.ts';
import { naiveCopy, Refused } from './differential/naive-copy.ts';
import { select } from './rig.ts';

const RUNS = 2500;
/** Memory, where there is such a place: thousands of small trees. */
const PLACE = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
/** `spec type mode` → mode, as chmod(1) has it. */
const chmods = new Map<string, number>();

beforeAll(() => {
  using dir = temporary();
  for (const spec of CHMODS.filter((one) => !/^[0-7]+$/.test(one))) {
    const names = MODES.flatMap((mode) =>
      ['file', 'directory'].map((type) => ({ key: `${spec} ${type} ${mode}`, type, mode })),
    );
    const paths = names.map(({ key }) => join(dir.path, key.replaceAll(' ', '-')));
    for (const [index, { type, mode }] of names.entries()) {
      const path = paths[index] ?? '';
      if (type === 'file') writeFileSync(path, '');
      else mkdirSync(path);
      chmodSync(path, mode);
    }
    execFileSync('sh', ['-c', 'umask 0; exec chmod "$@"', 'sh', spec, ...paths]);
    for (const [index, { key }] of names.entries()) chmods.set(key, statSync(paths[index] ?? '').mode & 0o7777);
  }
});

test(`${RUNS} copies: the layer on its base is what copying by hand into the base gives`, async () => {
  const arbitrary = fc.record({ source: files, base: files, op, isContext: fc.boolean(), hasUsers: fc.boolean() });
  let copied = 0;
  await fc.assert(
    fc.asyncProperty(arbitrary, async (one) => {
      const { ours, naive } = await both(one);
      if (naive !== 'refused') copied += 1;
      expect(ours).toEqual(naive);
    }),
    { numRuns: RUNS },
  );
  expect(copied).toBeGreaterThan(RUNS / 4);
}, 120_000);

interface Case {
  readonly source: readonly Made[];
  readonly base: readonly Made[];
  readonly op: CopyOp;
  /** From a context, where all is root's, or from another stage. */
  readonly isContext: boolean;
  readonly hasUsers: boolean;
}

type Outcome = [string, Seen][] | 'refused';

async function both({ source, base, op: copy, isContext, hasUsers }: Case): Promise<{ ours: Outcome; naive: Outcome }> {
  using dir = temporary();
  const baseFiles = hasUsers ? [...base, ...PASSWD] : base;
  const [root, from, empty] = ['root', 'source', 'empty'].map((name) => join(dir.path, name)) as [
    string,
    string,
    string,
  ];
  for (const one of [root, from, empty]) mkdirSync(one);
  makeFiles(root, baseFiles);
  makeFiles(from, source);
  const below = seenIn(root);
  const tree = isContext ? openContext(from, { getXattr: lgetxattr }) : layered(dir.path, 'stage', source);
  const ours = await outcome(async () => {
    const layer = await straight(copy, { tree, base: layered(dir.path, 'base', baseFiles), dir: dir.path });
    return comparable(overlaid(below, layer));
  });
  const naive = await outcome(() => {
    const isLinked = copy.link && copy.chmod === undefined;
    naiveCopy({
      op: copy,
      source: from,
      isContext,
      root: isLinked ? empty : root,
      owner: ownerOf(copy, hasUsers && !isLinked),
      chmod: (mode, isDirectory) => chmodOf(copy.chmod, mode, isDirectory),
    });
    return Promise.resolve(comparable(isLinked ? overlaid(below, seenIn(empty)) : seenIn(root)));
  });
  return { ours, naive };
}

async function outcome(act: () => Promise<[string, Seen][]>): Promise<Outcome> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof BuildError || error instanceof Refused) return 'refused';
    throw error;
  }
}

function ownerOf({ chown, link, chmod }: CopyOp, hasUsers: boolean): readonly [number, number] | undefined {
  if (chown === undefined) return undefined;
  const owner = OWNERS[chown];
  if (owner === undefined) throw new Error(`no such owner: ${chown}`);
  const isByName = /[a-z]/.test(chown.replaceAll('root', '0'));
  if (isByName && link && chmod === undefined) throw new Refused();
  return hasUsers || !isByName ? owner : [0, 0];
}

function chmodOf(chmod: string | undefined, mode: number, isDirectory: boolean): number {
  if (chmod === undefined) return mode;
  if (/^[0-7]+$/.test(chmod)) return Number.parseInt(chmod, 8);
  const answer = chmods.get(`${chmod} ${isDirectory ? 'directory' : 'file'} ${mode}`);
  if (answer === undefined) throw new Error(`chmod was not asked about ${chmod} and ${mode.toString(8)}`);
  return answer;
}

/** The files as another stage has them: in a layer, which nobody unpacks. */
function layered(dir: string, name: string, all: readonly Made[]): Tree {
  const files = { tarPath: join(dir, `${name}.tar`), tocPath: join(dir, `${name}.toc`) };
  const writer = openLayerWriter(files);
  const names = new Map<string, Made[]>();
  for (const file of all) {
    const first = file.type === 'hardlink' ? file.text : file.path;
    names.set(first, [...(names.get(first) ?? []), file]);
  }
  const entries = all.map((file) => {
    const group = names.get(file.type === 'hardlink' ? file.text : file.path) ?? [];
    return entryOf(file, group.map(({ path }) => path).sort());
  });
  for (const { entry, content, info } of entries.sort((a, b) => compareTarNames(a.entry, b.entry)))
    writer.add(entry, (sink) => sink(content), info);
  writer.finish();
  return stackTree([{ toc: openToc(readFileSync(files.tocPath)), tarPath: files.tarPath }]);
}

function entryOf(file: Made, group: readonly string[]) {
  const [first = file.path] = group;
  const type = file.type === 'hardlink' && first === file.path ? 'file' : first === file.path ? file.type : 'hardlink';
  const content = Buffer.from(type === 'file' ? (file.content ?? file.text) : '', 'latin1');
  const entry: TarEntry = {
    ...file,
    path: relPath(file.path),
    type,
    size: content.length,
    link: type === 'hardlink' ? first : type === 'symlink' ? file.text : '',
    devMajor: type === 'character' ? 1 : 0,
    devMinor: type === 'character' ? 3 : 0,
    xattrs:
      file.capability === undefined || type !== 'file'
        ? new Map()
        : new Map([[CAPABILITY, Buffer.from(file.capability, 'latin1')]]),
  };
  return { entry, content, info: group.length > 1 ? { linkGroup: first } : {} };
}

interface Places {
  readonly tree: Tree;
  readonly base: Tree;
  readonly dir: string;
}

async function straight(copy: CopyOp, { tree, base, dir }: Places): Promise<Map<string, Seen>> {
  const selection = await select(copy, tree);
  const plan = planCopy(copy, selection, base);
  const [tarPath, tocPath] = [join(dir, 'layer.tar'), join(dir, 'layer.toc')];
  const writer = openLayerWriter({ tarPath, tocPath });
  try {
    const digest = writeCopy(plan, writer);
    writer.finish();
    expect(digest).toBe(selection.digest);
  } catch (error) {
    writer.abort();
    throw error;
  }
  return seenInLayer(readFileSync(tarPath), openToc(readFileSync(tocPath)));
}

/** Files as the tar has them; only the table has all of their times. */
function seenInLayer(tar: Buffer, toc: Toc): Map<string, Seen> {
  const seen = new Map<string, Seen>();
  const contents: string[] = [];
  let last: [string, Seen] | undefined;
  const keep = () => {
    if (last !== undefined) seen.set(last[0], { ...last[1], content: `${last[1].content}${contents.join('')}` });
    contents.length = 0;
    last = undefined;
  };
  const reader = makeTarReader({
    entry(entry) {
      keep();
      if (entry.path === '') return;
      const target = entry.type === 'hardlink' ? seen.get(entry.link) : undefined;
      if (entry.type === 'hardlink' && target === undefined) throw new Error(`${entry.path} links to nothing`);
      last = [
        entry.path,
        target ?? {
          type: entry.type,
          mode: entry.mode,
          owner: `${entry.uid}:${entry.gid}`,
          content: entry.type === 'character' ? `${entry.devMajor}:${entry.devMinor}` : entry.link,
          mtime: entry.type === 'directory' ? '' : timeIn(toc, entry),
          capability: Buffer.from(entry.xattrs.get(CAPABILITY) ?? []).toString('latin1'),
          inode: entry.type === 'directory' ? '' : `layer ${entry.path}`,
        },
      ];
    },
    content: (chunk) => contents.push(Buffer.from(chunk).toString('latin1')),
  });
  reader.write(tar);
  reader.end();
  keep();
  return seen;
}

function timeIn(toc: Toc, { path, mtimeSec }: TarEntry): string {
  const told = toc.lookup(path);
  expect([told?.mtimeSec, told?.mtimeNsec]).toEqual([mtimeSec, expect.any(Number)]);
  return String(BigInt(mtimeSec) * 1_000_000_000n + BigInt(told?.mtimeNsec ?? 0));
}

function temporary(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(PLACE, 'tsbuild-copy-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}
