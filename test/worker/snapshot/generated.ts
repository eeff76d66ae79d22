import fc from 'fast-check';
import type { TarEntry } from '../../../src/image/archive/index.ts';
import type { TocEntry } from '../../../src/image/toc/index.ts';
import { joinRel, type RelPath, TOP } from '../../../src/util/rel-path.ts';

/** An entry as layers of tests are written from. */
export type Described = Partial<TarEntry & TocEntry & { content: string | Buffer }>;

/** Few names, so that layers meet; some sort before a dot, are long, or are no UTF-8. */
const NAMES = [
  'a',
  'b',
  'a-b',
  'a.b',
  '!',
  '-',
  'ab',
  '\xff\xfe',
  'sp ace',
  'line\nbreak',
  'n'.repeat(255),
  'sub',
  'm'.repeat(90),
];
const IDS = [0, 0, 1000, 65_535, 65_536, 2_000_000_000];
const TIMES = [1_577_836_800, 1_577_836_800, 0, -5, 2_147_483_648, 1_600_000_001];
const NSECS = [0, 0, 0, 1, 999_999_999];
const CAPABILITY = Buffer.from('0100000200200000000000000000000000000000', 'hex');

const xattrs = fc
  .record(
    {
      'user.a': fc.constantFrom('', 'one', 'x'.repeat(300)),
      'user.long.name': fc.constantFrom('v', '\0\xff'),
      'security.capability': fc.constant(CAPABILITY.toString('latin1')),
    },
    { requiredKeys: [] },
  )
  .map((found) => new Map(Object.entries(found).map(([name, value]) => [name, Buffer.from(value ?? '', 'latin1')])));

const attributes = fc.record({
  mode: fc.constantFrom(0o644, 0o755, 0o600, 0o4755, 0o2755, 0o1777, 0),
  uid: fc.constantFrom(...IDS),
  gid: fc.constantFrom(...IDS),
  mtimeSec: fc.constantFrom(...TIMES),
  mtimeNsec: fc.constantFrom(...NSECS),
  xattrs: fc.oneof({ weight: 3, arbitrary: fc.constant(new Map<string, Buffer>()) }, { weight: 1, arbitrary: xattrs }),
});

const sizes = fc.constantFrom(0, 1, 10, 511, 512, 513, 4095, 4096, 4097, 20_000);

const node = fc.record({
  steps: fc.array(fc.nat(), { minLength: 1, maxLength: 4 }),
  name: fc.constantFrom(...NAMES),
  kind: fc.constantFrom(
    ...(['file', 'file', 'file', 'directory', 'directory', 'directory', 'symlink', 'hardlink'] as const),
    ...(['character', 'block', 'fifo', 'whiteout', 'opaque'] as const),
  ),
  size: sizes,
  target: fc.constantFrom('a', '../x', '/etc/\xff', 's'.repeat(511), 's'.repeat(512), 't'.repeat(3000)),
  attributes,
});

type Node = typeof node extends fc.Arbitrary<infer T> ? T : never;

/** One layer: closed, each entry in a directory that is there. */
export const layer: fc.Arbitrary<Described[]> = fc
  .tuple(fc.array(node, { maxLength: 25 }), fc.option(attributes), fc.boolean())
  .map(([nodes, top, isMany]) => describeLayer(nodes, top, isMany));

/** As other builders write them: without some directories. */
const openLayer = fc
  .tuple(layer, fc.nat(5))
  .map(([described, without]) =>
    described.filter(({ type, opaque }, index) => type !== 'directory' || opaque || index % 6 < without),
  );

/** A stack of one to three layers; some of the upper ones have a link to a file of a lower one. */
export const stack = fc
  .array(
    fc.tuple(
      fc.oneof({ weight: 2, arbitrary: layer }, { weight: 1, arbitrary: openLayer }),
      fc.option(fc.constantFrom(...NAMES)),
    ),
    { minLength: 1, maxLength: 3 },
  )
  .map((layers) => {
    const stacked: Described[][] = [];
    for (const [described, linked] of layers) stacked.push(withLink(described, linked, stacked));
    return stacked;
  });

function withLink(described: Described[], linked: string | null, below: readonly Described[][]): Described[] {
  if (linked === null || described.some(({ path }) => isAtOrBelow(path, linked))) return described;
  const owner = below.findLast((one) => one.some(({ path }) => isAtOrBelow(path, linked))) ?? [];
  const isFile = owner.some(({ path, type }) => path === linked && type === 'file');
  const isAlone = owner.every(({ path }) => path === linked || !isAtOrBelow(path, linked));
  if (!isFile || !isAlone) return described;
  return [...described, { path: 'linked' as RelPath, type: 'hardlink', link: linked, linkGroup: linked, mode: 0o644 }];
}

function isAtOrBelow(path: string | undefined, name: string): boolean {
  return path === name || path?.startsWith(`${name}/`) === true;
}

function describeLayer(nodes: readonly Node[], top: Node['attributes'] | null, isMany: boolean): Described[] {
  const directories: RelPath[] = [TOP];
  const files: RelPath[] = [];
  const entries = new Map<RelPath, Described>();
  for (const { steps, name, kind, size, target, attributes: own } of nodes) {
    const parent = directories[steps.reduce((sum, step) => sum + step, 0) % directories.length] ?? TOP;
    const path = joinRel(parent, name);
    if (entries.has(path) || path.length > 1500) continue;
    const entry = { ...own, path };
    if (kind === 'directory' || kind === 'opaque') {
      entries.set(path, { ...entry, type: 'directory', ...(kind === 'opaque' ? { opaque: true as const } : {}) });
      directories.push(path);
    } else if (kind === 'hardlink') {
      const link = files[steps[0] === undefined ? 0 : steps[0] % Math.max(1, files.length)];
      if (link === undefined) continue;
      entries.set(path, { path, type: 'hardlink', link, linkGroup: link, mode: 0o644 });
      const first = entries.get(link);
      if (first !== undefined) entries.set(link, { ...first, linkGroup: link });
    } else if (kind === 'whiteout') entries.set(path, { path, whiteout: true });
    else if (kind === 'file') {
      entries.set(path, { ...entry, type: 'file', content: contentOf(path, size) });
      files.push(path);
    } else entries.set(path, { ...entry, type: kind, ...special(kind, target) });
  }
  if (isMany && directories[1] !== undefined) addMany(entries, directories[1]);
  if (top !== null) entries.set(TOP, { ...top, path: TOP, type: 'directory' });
  return [...entries.values()].map(plainXattrs);
}

/** A directory that fills several blocks. */
function addMany(entries: Map<RelPath, Described>, dir: RelPath): void {
  for (let index = 0; index < 60; index += 1) {
    const path = joinRel(dir, `file-${index}${'y'.repeat(index)}`);
    entries.set(path, { path, type: 'file', content: contentOf(path, index) });
  }
}

function special(kind: 'symlink' | 'character' | 'block' | 'fifo', target: string): Described {
  if (kind === 'symlink') return { link: target, mode: 0o777 };
  return kind === 'fifo' ? {} : { devMajor: 1 + (target.length % 4000), devMinor: 3 + 300 * (target.length % 700) };
}

/** What a file system takes from nobody is not asked for. */
function plainXattrs(entry: Described): Described {
  const isPlain = entry.type === 'file' || entry.type === 'directory';
  return isPlain || entry.xattrs === undefined ? entry : { ...entry, xattrs: new Map() };
}

function contentOf(path: string, size: number): Buffer {
  return Buffer.alloc(size, `${path}\n`, 'latin1');
}
