import fc from 'fast-check';
import type { CopyOp } from '../../../../src/graph/index.ts';
import { copyOp } from '../rig.ts';
import type { Made } from './files.ts';
import { parentsOf } from './patterns.ts';

/** Version 2, permitted cap_net_raw: the kernel takes no other form. */
const CAP_NET_RAW = '\x01\0\0\x02\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0';

/** Latin1: 'Ã©' is an é in UTF-8, 'x\xff' is nothing in it. */
const name = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom('a', 'b', 'c') },
  { weight: 1, arbitrary: fc.constantFrom('Ã©', 'x\xff') },
);
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
const target = fc.oneof(
  path,
  path.map((to) => `/${to}`),
  fc.constantFrom('..', '../a', '.', '../../b', '/', 'a/../b'),
);
const FILE_MODES = [0o644, 0o600, 0o755, 0o4711, 0o2750] as const;
// Without the sticky bit: o= takes it away in GNU's chmod(1), and leaves it in BSD's, which BuildKit has.
const DIRECTORY_MODES = [0o755, 0o700, 0o770] as const;
export const MODES = [...new Set([...FILE_MODES, ...DIRECTORY_MODES])];
// g+u, not g=u: that takes set-id bits away in GNU's chmod(1), and leaves them in BSD's
export const CHMODS = ['2750', '640', '0', '7777', 'u=rwX,go=rX', 'go-rx', 'a+x', 'g+u', '+t', 'u+s,g-w'];

type What = Pick<Made, 'type' | 'text' | 'mode'> & { readonly capability?: string };
const fileMode = fc.constantFrom(...FILE_MODES);
const what: fc.Arbitrary<What> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constant('file' as const), text: fc.constantFrom('', '1', '22'), mode: fileMode }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('directory' as const),
      text: fc.constant(''),
      mode: fc.constantFrom(...DIRECTORY_MODES),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant('symlink' as const), text: target, mode: fc.constant(0o777) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('hardlink' as const), text: fc.constant(''), mode: fileMode }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constantFrom('fifo' as const, 'character' as const),
      text: fc.constant(''),
      mode: fileMode,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('file' as const),
      text: fc.constant('capable'),
      mode: fc.constant(0o755),
      capability: fc.constant(CAP_NET_RAW),
    }),
  },
);
const made: fc.Arbitrary<Made> = fc
  .tuple(
    path,
    what,
    fc.record({
      uid: fc.constantFrom(0, 7, 3_000_000_000),
      gid: fc.constantFrom(0, 8),
      mtimeSec: fc.constantFrom(1, 1_600_000_000),
      mtimeNsec: fc.constantFrom(0, 123_456_789),
    }),
  )
  .map(([at, file, more]) => ({ path: at, ...file, ...more }));

/** Parents first, nothing below a file, hard links to a file before them. */
export const files: fc.Arbitrary<readonly Made[]> = fc.array(made, { maxLength: 9 }).map((all) => {
  const kept = new Map<string, Made>();
  for (const file of all) {
    const parents = parentsOf(file.path);
    if (kept.has(file.path) || parents.some((dir) => (kept.get(dir)?.type ?? 'directory') !== 'directory')) continue;
    for (const dir of parents) if (!kept.has(dir)) kept.set(dir, { ...DIRECTORY, path: dir });
    const first = [...kept.values()].findLast(({ type }) => type === 'file');
    if (file.type !== 'hardlink') kept.set(file.path, file);
    else if (first !== undefined)
      kept.set(file.path, { ...first, path: file.path, type: 'hardlink', text: first.path, content: first.text });
  }
  return [...kept.values()];
});

const DIRECTORY: Made = {
  path: '',
  type: 'directory',
  mode: 0o755,
  uid: 0,
  gid: 0,
  mtimeSec: 1_500_000_000,
  mtimeNsec: 0,
  text: '',
};

/** Users and groups to be found by name; none in some bases. */
export const PASSWD: readonly Made[] = [
  { ...DIRECTORY, path: 'etc' },
  { ...DIRECTORY, path: 'etc/group', type: 'file', mode: 0o644, text: 'root:x:0:\ng:x:9:\n' },
  { ...DIRECTORY, path: 'etc/passwd', type: 'file', mode: 0o644, text: 'root:x:0:0::/:\nu:x:7:8::/:\n' },
];
export const OWNERS: { readonly [chown: string]: readonly [number, number] } = {
  '5': [5, 5],
  '5:6': [5, 6],
  u: [7, 8],
  'u:g': [7, 9],
  'nobody:g': [0, 9],
  'root:nogroup': [0, 0],
};

const asText = (latin1: string) => Buffer.from(latin1, 'latin1').toString('utf8');
const plain = fc
  .array(fc.constantFrom('a', 'b', 'c', 'Ã©'), { minLength: 1, maxLength: 3 })
  .map((parts) => asText(parts.join('/')));
const source = fc.oneof(
  { weight: 3, arbitrary: plain },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      '.',
      '*',
      'a/*',
      '?/b',
      '[ab]*',
      '*/*',
      'a/./b',
      'a/./*',
      './a',
      '../a',
      'a/../b',
      'b*/c',
    ),
  },
);
const parentsSource = fc.oneof(
  source.filter((text) => !text.includes('..')),
  fc.constantFrom('**/b', 'a/**', 'a/**/c', 'a/./b/*', '*/./c'),
);
const dest = fc
  .tuple(fc.oneof(plain, fc.constantFrom('.', 'new/b', 'a/../c')), fc.constantFrom('', '/', '/.'))
  .map(([to, end]) => `/${to}${end}`);
const exclude = fc.constantFrom('a', 'b', '*/b', '**/c', 'a*', 'a/**', '!a/b', '!**/b', '!c', '?');

export const op: fc.Arbitrary<CopyOp> = fc.boolean().chain((parents) =>
  fc
    .record({
      sources: fc.array(parents ? parentsSource : source, { minLength: 1, maxLength: 3 }),
      to: dest,
      chown: fc.option(fc.constantFrom(...Object.keys(OWNERS)), { nil: undefined }),
      chmod: fc.option(fc.constantFrom(...CHMODS), { nil: undefined }),
      excludes: fc.oneof(fc.constant([]), fc.array(exclude, { maxLength: 3 })),
      link: fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
    })
    .map(({ sources, to, ...flags }) =>
      copyOp(sources, parents && !/\/\.?$/.test(to) ? `${to}/` : to, { ...withoutUndefined(flags), parents }),
    ),
);

function withoutUndefined(flags: { readonly [name: string]: unknown }): Partial<CopyOp> {
  return Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
}
