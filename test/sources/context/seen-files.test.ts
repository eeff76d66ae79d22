import { expect, test } from 'vitest';
import { FileStat } from '../../../src/host/fs/index.ts';
import { KNOWN, SeenFiles, TOP_NODE } from '../../../src/sources/context/seen-files.ts';

const REGULAR = 0o100644;
const SYMLINK = 0o120777;

interface Look {
  readonly name: string;
  readonly mode?: number;
  readonly ino?: number;
  readonly link?: string;
  readonly devMinor?: number;
  readonly bits?: number;
}

function seenOf(looks: readonly Look[]): SeenFiles {
  const seen = new SeenFiles();
  for (const { name, mode = REGULAR, ino = 0, link = '', devMinor = 0, bits = 0 } of looks) {
    const node = seen.findOrAdd(TOP_NODE, name);
    const stat = new FileStat();
    stat.fromStatx(new Uint32Array(64));
    stat.words[2] = ino;
    stat.words[10] = mode;
    stat.devMinor = devMinor;
    seen.keep(node, { stat, link });
    seen.learn(node, bits);
  }
  return seen;
}

const LOOKS: readonly Look[] = [{ name: 'a' }, { name: 'b', ino: 2 }, { name: 'c', mode: SYMLINK, link: 'a' }];

test('equal looks have one fingerprint', () => {
  expect(seenOf(LOOKS).fingerprint()).toBe(seenOf(LOOKS).fingerprint());
  const many = Array.from({ length: 70_000 }, (_, number) => ({ name: `${number}`.repeat(5), ino: number }));
  expect(seenOf(many).fingerprint()).toBe(seenOf(many).fingerprint());
});

test.each<[string, readonly Look[]]>([
  ['a name', [{ name: 'x' }, ...LOOKS.slice(1)]],
  ['where one name ends and the next begins', [{ name: 'ab' }, { name: '', ino: 2 }, ...LOOKS.slice(2)]],
  ['a state', [{ name: 'a', ino: 1 }, ...LOOKS.slice(1)]],
  ['which of them has which state', [{ name: 'b', ino: 2 }, { name: 'a' }, ...LOOKS.slice(2)]],
  ['what is known', [{ name: 'a', bits: KNOWN.visible }, ...LOOKS.slice(1)]],
  ['a link', [...LOOKS.slice(0, 2), { name: 'c', mode: SYMLINK, link: 'b' }]],
  ['the number of a device', [{ name: 'a', devMinor: 1 }, ...LOOKS.slice(1)]],
  ['one more', [...LOOKS, { name: 'd' }]],
  ['one less', LOOKS.slice(0, 2)],
])('%s makes another one', (_, looks) => {
  expect(seenOf(looks).fingerprint()).not.toBe(seenOf(LOOKS).fingerprint());
});

test('names alone do, without a look', () => {
  const seen = seenOf(LOOKS);
  const before = seen.fingerprint();
  seen.findOrAdd(TOP_NODE, 'd');
  expect(seen.fingerprint()).not.toBe(before);
});

test('a last state on a page that was filled before counts', () => {
  const looks = (last: number) =>
    Array.from({ length: 1025 }, (_, n) => ({ name: `${n}`, ino: n === 1024 ? last : n }));
  expect(seenOf(looks(1)).fingerprint()).not.toBe(seenOf(looks(2)).fingerprint());
});
