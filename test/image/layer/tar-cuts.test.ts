import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BARE, makeTarWriter } from '../../../src/image/archive/index.ts';
import { OWN_FROM, TarCuts } from '../../../src/image/layer/tar-cuts.ts';
import type { RelPath } from '../../../src/util/rel-path.ts';

interface Told {
  readonly bytes: Buffer;
  readonly isInFile: boolean;
  readonly isAtStart: boolean;
}

/** What lies between two cuts, whatever pieces the tar comes in. */
function partsOf(tar: Buffer, pieces: () => number): Told[] {
  const cuts = new TarCuts();
  const parts: Told[] = [];
  for (let at = 0, from = 0, { isInFile, isAtStart } = placeOf(cuts); at < tar.length; ) {
    const given = tar.subarray(at, at + pieces());
    at += cuts.take(given);
    if (!cuts.isCut && at < tar.length) continue;
    parts.push({ bytes: tar.subarray(from, at), isInFile, isAtStart });
    from = at;
    ({ isInFile, isAtStart } = placeOf(cuts));
  }
  return parts;
}

function placeOf({ fileLeft, isAtStart }: TarCuts): Pick<Told, 'isInFile' | 'isAtStart'> {
  return { isInFile: fileLeft > 0, isAtStart };
}

const WHOLE = (): number => 1 << 30;

function tarOf(files: Readonly<Record<string, Buffer>>): Buffer {
  const written: Buffer[] = [];
  const tar = makeTarWriter((chunk) => written.push(Buffer.from(chunk)));
  for (const [path, content] of Object.entries(files)) {
    tar.entry({ ...BARE, path: path as RelPath, type: 'file', size: content.length });
    if (content.length > 0) tar.content(content);
  }
  tar.end();
  return Buffer.concat(written);
}

const LONG_NAME = 'd/'.repeat(90) + 'x'.repeat(200);

test('a large file is a part of its own, and nothing else is', () => {
  const [exact, larger] = [randomBytes(OWN_FROM), randomBytes(OWN_FROM + 700)];
  const tar = tarOf({
    empty: Buffer.alloc(0),
    less: randomBytes(OWN_FROM - 1),
    exact,
    small: randomBytes(3),
    [LONG_NAME]: larger,
    last: Buffer.alloc(1),
  });
  const parts = partsOf(tar, WHOLE);
  expect(parts.map(({ isInFile, isAtStart }) => [isInFile, isAtStart])).toEqual([
    [false, false],
    [true, true],
    [false, false],
    [true, true],
    [false, false],
  ]);
  expect(parts[1]?.bytes.equals(exact)).toBe(true);
  expect(parts[3]?.bytes.equals(larger)).toBe(true);
  expect(Buffer.concat(parts.map(({ bytes }) => bytes)).equals(tar)).toBe(true);
});

test('pieces change nothing', () => {
  const tar = tarOf({ a: randomBytes(200), b: randomBytes(OWN_FROM + 1), [LONG_NAME]: randomBytes(2 * OWN_FROM) });
  const whole = partsOf(tar, WHOLE);
  for (const size of [1, 7, 511, 512, 513, 4096])
    expect(
      isSame(
        partsOf(tar, () => size),
        whole,
      ),
    ).toBe(true);
  fc.assert(
    fc.property(fc.infiniteStream(fc.integer({ min: 1, max: 3000 })), (sizes) =>
      isSame(
        partsOf(tar, () => sizes.next().value as number),
        whole,
      ),
    ),
  );
});

function isSame(parts: readonly Told[], others: readonly Told[]): boolean {
  return (
    parts.length === others.length &&
    parts.every(({ bytes, isInFile, isAtStart }, index) => {
      const other = others[index]!;
      return bytes.equals(other.bytes) && isInFile === other.isInFile && isAtStart === other.isAtStart;
    })
  );
}

test('a file whose first bytes were taken is within, no longer at its start', () => {
  const tar = tarOf({ a: randomBytes(OWN_FROM) });
  const cuts = new TarCuts();
  expect(cuts.take(tar)).toBe(512);
  expect([cuts.isCut, cuts.fileLeft, cuts.isAtStart]).toEqual([true, OWN_FROM, true]);
  const copy = cuts.copy();
  expect(cuts.take(tar.subarray(512, 600))).toBe(88);
  expect([cuts.isCut, cuts.fileLeft, cuts.isAtStart]).toEqual([false, OWN_FROM - 88, false]);
  expect([copy.fileLeft, copy.isAtStart]).toEqual([OWN_FROM, true]);
});

test('what is no tar, or none any more, is not cut', () => {
  const text = Buffer.alloc(3 * OWN_FROM, 'no header\n');
  expect(partsOf(text, WHOLE)).toHaveLength(1);
  const tar = tarOf({ a: randomBytes(10), b: randomBytes(OWN_FROM) });
  tar.write('x', 257 + 1024);
  expect(partsOf(tar, WHOLE)).toHaveLength(1);
  tar.write('u', 257 + 1024);
  tar.write('9', 124 + 1024);
  expect(partsOf(tar, WHOLE)).toHaveLength(1);
});

test('a link that claims a size has no content', () => {
  const tar = tarOf({ a: Buffer.alloc(0), b: randomBytes(OWN_FROM) });
  tar.write('2', 156);
  tar.write('00000000777', 124);
  expect(partsOf(tar, WHOLE).map(({ isInFile }) => isInFile)).toEqual([false, true, false]);
});
