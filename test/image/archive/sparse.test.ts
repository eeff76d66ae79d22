import { execFileSync } from 'node:child_process';
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ArchiveError, DEFAULT_LIMITS, makeTarReader } from '../../../src/image/archive/index.ts';
import { tempDir } from '../../rig/layers.ts';
import { paxRecords, type RawMember, rawTar } from '../../rig/raw-tar.ts';

interface Read {
  readonly path: string;
  readonly size: number;
  readonly content: Buffer;
}

/** Holes are written out, as zeros. */
function read(tar: Uint8Array, { step = tar.length || 1, maxBytes = 1 << 20 } = {}): Read[] {
  const found: { path: string; size: number; chunks: Buffer[] }[] = [];
  const reader = makeTarReader(
    {
      entry: ({ path, size }) => void found.push({ path, size, chunks: [] }),
      content: (chunk) => void found.at(-1)?.chunks.push(Buffer.from(chunk)),
      hole(bytes) {
        expect(bytes).toBeGreaterThan(0);
        found.at(-1)?.chunks.push(Buffer.alloc(bytes));
      },
    },
    { ...DEFAULT_LIMITS, maxBytes },
  );
  for (let at = 0; at < tar.length; at += step) reader.write(tar.subarray(at, at + step));
  reader.end();
  return found.map(({ chunks, ...entry }) => ({ ...entry, content: Buffer.concat(chunks) }));
}

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof ArchiveError) return error.code;
    throw error;
  }
  return 'read';
}

type Format = '0.0' | '0.1' | '1.0';
type Regions = readonly (readonly [offset: number, length: number])[];

/** `data` of the regions, as GNU tar writes a file of that size. */
function sparseMember(
  format: Format,
  { regions, size, data }: { regions: Regions; size: number; data: string },
): RawMember[] {
  const sparse = (key: string) => `GNU.sparse.${key}`;
  if (format === '1.0') {
    const map = [regions.length, ...regions.flat()].map((number) => `${number}\n`).join('');
    const pax = {
      [sparse('major')]: '1',
      [sparse('minor')]: '0',
      [sparse('name')]: 'real',
      [sparse('realsize')]: `${size}`,
    };
    return [{ name: 'GNUSparseFile.1/real', pax, content: map.padEnd(Math.ceil(map.length / 512) * 512, '\0') + data }];
  }
  const count = { [sparse('size')]: `${size}`, [sparse('numblocks')]: `${regions.length}` };
  const map =
    format === '0.1'
      ? paxRecords({ [sparse('name')]: 'real', [sparse('map')]: regions.flat().join(',') })
      : regions
          .map(([offset, length]) => paxRecords({ [sparse('offset')]: `${offset}`, [sparse('numbytes')]: `${length}` }))
          .join('');
  return [
    { typeflag: 'x', content: paxRecords(count) + map },
    { name: format === '0.1' ? 'GNUSparseFile.1/real' : 'real', content: data },
  ];
}

const FORMATS = ['0.0', '0.1', '1.0'] as const;

describe('sparse members of PAX', () => {
  test.each(FORMATS)('format %s, as tar writes it', (format) => {
    using temp = tempDir();
    const dir = temp.path;
    const fd = openSync(join(dir, 'real'), 'w');
    writeSync(fd, 'begin', 0);
    writeSync(fd, 'middle', 200_000);
    ftruncateSync(fd, 500_001);
    closeSync(fd);
    execFileSync('tar', ['--format=posix', '-S', `--sparse-version=${format}`, '-cf', 't.tar', 'real'], { cwd: dir });
    const tar = readFileSync(join(dir, 't.tar'));
    const content = readFileSync(join(dir, 'real'));
    expect(tar.length).toBeLessThan(content.length);
    for (const step of [tar.length, 511, 7])
      expect(read(tar, { step })).toEqual([{ path: 'real', size: 500_001, content }]);
  });

  test.each(FORMATS)('format %s: any regions come back, and who knows no holes is refused', (format) => {
    const pieces = fc.array(fc.tuple(fc.nat(600), fc.nat(600)), {
      minLength: format === '1.0' ? 0 : 1,
      maxLength: 150,
    });
    fc.assert(
      fc.property(pieces, fc.nat(600), fc.integer({ min: 1, max: 1500 }), (gaps, last, step) => {
        let end = 0;
        const regions = gaps.map(([gap, length]) => {
          const offset = end + gap;
          end = offset + length;
          return [offset, length] as const;
        });
        const content = Buffer.alloc(end + last);
        for (const [i, [offset, length]] of regions.entries()) content.fill(97 + (i % 26), offset, offset + length);
        const data = regions.map(([offset, length]) => content.toString('latin1', offset, offset + length)).join('');
        const tar = rawTar([
          ...sparseMember(format, { regions, size: content.length, data }),
          { name: 'next', content: 'n' },
        ]);
        expect(read(tar, { step })).toEqual([
          { path: 'real', size: content.length, content },
          { path: 'next', size: 1, content: Buffer.from('n') },
        ]);
        const plain = makeTarReader({ entry: () => undefined, content: () => undefined });
        expect(codeOf(() => plain.write(tar))).toBe('unsupported');
      }),
      { numRuns: 60 },
    );
  });

  const ABCD = { size: 10, data: 'abcd' };
  test.each<[string, Regions, { size: number; data: string }]>([
    [
      'overlap',
      [
        [0, 3],
        [2, 1],
      ],
      ABCD,
    ],
    [
      'are not in order',
      [
        [5, 2],
        [0, 2],
      ],
      ABCD,
    ],
    ['end behind the file', [[7, 4]], ABCD],
    [
      'begin behind the file',
      [
        [0, 4],
        [11, 0],
      ],
      ABCD,
    ],
    ['are more than what is stored', [[0, 5]], ABCD],
    ['are less than what is stored', [[0, 3]], ABCD],
    ['are none', [], ABCD],
    ['add up to no number', [[9_900_000_000_000_000, 9_900_000_000_000_000]], ABCD],
  ])('regions that %s', (_, regions, file) => {
    for (const format of FORMATS)
      expect(codeOf(() => read(rawTar(sparseMember(format, { regions, ...file }))))).toBe(
        regions.length === 0 && format !== '1.0' ? 'unsupported' : 'bad-pax',
      );
  });

  const V1 = { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': '4' };
  const V01 = {
    'GNU.sparse.major': '0',
    'GNU.sparse.minor': '1',
    'GNU.sparse.numblocks': '1',
    'GNU.sparse.map': '0,4',
  };
  const block = (map: string) => map.padEnd(512, '\0');
  test.each<[string, string, RawMember]>([
    ['no map at all', 'bad-pax', { pax: V1 }],
    ['a map that ends early', 'bad-pax', { pax: V1, content: '1\n0\n' }],
    ['a map without end', 'bad-pax', { pax: V1, content: `${'0'.repeat(15)}\n`.repeat(1 << 17) }],
    ['a map of more than 1 MiB', 'bad-pax', { pax: V1, content: `300000\n${'0\n0\n'.repeat(300_000)}` }],
    ['a number that is none', 'bad-pax', { pax: V1, content: block('1\n-0\n4\n') }],
    ['an empty line', 'bad-pax', { pax: V1, content: block('\n') }],
    ['a number too long', 'bad-pax', { pax: V1, content: block(`${'1'.repeat(17)}\n`) }],
    ['a size that is no number', 'bad-pax', { pax: { ...V1, 'GNU.sparse.realsize': '0x4' } }],
    ['a count that is no number', 'bad-pax', { pax: { ...V01, 'GNU.sparse.numblocks': '' }, content: 'abcd' }],
    ['a count of others', 'bad-pax', { pax: { ...V01, 'GNU.sparse.numblocks': '2' }, content: 'abcd' }],
    ['a map of words', 'bad-pax', { pax: { ...V01, 'GNU.sparse.map': '0,x' }, content: 'abcd' }],
    ['a lone length', 'bad-pax', { pax: { 'GNU.sparse.size': '4', 'GNU.sparse.numbytes': '4' }, content: 'abcd' }],
    ['an unknown format', 'unsupported', { pax: { ...V1, 'GNU.sparse.minor': '1' } }],
    ['a link', 'unsupported', { typeflag: '1', link: 'x', pax: V01 }],
    ['a directory', 'unsupported', { typeflag: '\0', name: 'd/', pax: V01 }],
    ['an unsafe name', 'unsafe-name', { pax: { ...V01, 'GNU.sparse.name': '../x' }, content: 'abcd' }],
    ['1 PB of zeros', 'too-large', { pax: { ...V01, 'GNU.sparse.size': String(2 ** 50) }, content: 'abcd' }],
    [
      'more zeros than a number holds',
      'too-large',
      { pax: { ...V01, 'GNU.sparse.size': '9999999999999999' }, content: 'abcd' },
    ],
    ['nothing wrong', 'read', { pax: V01, content: 'abcd' }],
  ])('%s: %s', (_, code, member) => {
    for (const step of [1 << 24, 511]) expect(codeOf(() => read(rawTar([member]), { step }))).toBe(code);
  });

  test('broken bytes are read or refused, and what is read has the size that it says', () => {
    const good = FORMATS.map((format) =>
      rawTar(
        sparseMember(format, {
          regions: [
            [3, 2],
            [700, 4],
          ],
          size: 1000,
          data: 'abcdef',
        }),
      ),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...good),
        fc.array(fc.tuple(fc.nat(1535), fc.constantFrom(...Array.from('0123456789,\n=x\0')))),
        (tar, changes) => {
          const broken = Buffer.from(tar);
          // headers have a checksum: what they hold is changed
          for (const [at, byte] of changes)
            broken.write(byte, at < 512 ? 512 + at : at >= 1024 ? 512 + at : at, 'latin1');
          try {
            for (const { size, content } of read(broken)) expect(content.length).toBe(size);
          } catch (error) {
            if (!(error instanceof ArchiveError)) throw error;
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});
