import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { extract, pack } from 'tar-stream';
import { describe, expect, test } from 'vitest';
import {
  ArchiveError,
  DEFAULT_LIMITS,
  makeTarReader,
  makeTarWriter,
  type TarEntry,
  type TarLimits,
} from '../../../src/image/archive/index.ts';
import { relPath } from '../../../src/util/rel-path.ts';
import { tempDir } from '../../rig/layers.ts';
import { base256, paxRecords, rawMember, rawTar } from '../../rig/raw-tar.ts';

interface Read {
  readonly entry: TarEntry;
  readonly content: string;
}

function read(
  tar: Uint8Array,
  { step = tar.length || 1, ...limits }: Partial<TarLimits> & { step?: number } = {},
): Read[] {
  const found: { entry: TarEntry; content: string }[] = [];
  const reader = makeTarReader(
    {
      entry: (entry) => void found.push({ entry, content: '' }),
      content(chunk) {
        const last = found.at(-1);
        if (last !== undefined) last.content += Buffer.from(chunk).toString('latin1');
      },
    },
    { ...DEFAULT_LIMITS, ...limits },
  );
  for (let at = 0; at < tar.length; at += step) reader.write(tar.subarray(at, at + step));
  reader.end();
  return found;
}

function refusal(tar: Uint8Array, options: Parameters<typeof read>[1] = {}): string {
  try {
    read(tar, options);
  } catch (error) {
    if (error instanceof ArchiveError) return error.code;
    throw error;
  }
  return 'read';
}

describe('names', () => {
  test.each([
    ['plain', 'plain'],
    ['./leading', 'leading'],
    ['/absolute', 'absolute'],
    ['//twice///slashed//', 'twice/slashed'],
    ['dot/../dotdot', 'dotdot'],
    ['a/b/../../c', 'c'],
    ['a/./b', 'a/b'],
    ['a/..', ''],
    ['./', ''],
    ['..a/...', '..a/...'],
    ['.a/b.', '.a/b.'],
    ['sp ace', 'sp ace'],
    ['n'.repeat(255), 'n'.repeat(255)],
  ])('%j is %j', (name, path) => {
    expect(read(rawTar([{ pax: { path: name } }]))[0]?.entry.path).toBe(path);
    expect(read(rawTar([{ typeflag: '1', pax: { linkpath: name } }]))[0]?.entry.link).toBe(path);
  });

  test.each([
    '..',
    '../x',
    'a/../../x',
    '/../x',
    './..',
    'a/b/../../../c',
    'a\0b',
    'n'.repeat(256),
    `d/${'n'.repeat(256)}/f`,
  ])('%j is refused, as a name and as a hard link', (name) => {
    expect(refusal(rawTar([{ pax: { path: name } }]))).toBe('unsafe-name');
    expect(refusal(rawTar([{ typeflag: '1', pax: { linkpath: name } }]))).toBe('unsafe-name');
  });

  test.each([
    ['..', ''],
    ['../x', 'x'],
    ['a/../../x', 'x'],
    ['../../a/../../b/./c/', 'b/c'],
  ])('%j is %j for who clamps', (name, path) => {
    const clamped = { outside: 'clamped' } as const;
    expect(read(rawTar([{ pax: { path: name } }]), clamped)[0]?.entry.path).toBe(path);
    expect(read(rawTar([{ typeflag: '1', pax: { linkpath: name } }]), clamped)[0]?.entry.link).toBe(path);
    expect(refusal(rawTar([{ pax: { path: `${name}\0` } }]), clamped)).toBe('unsafe-name');
  });

  test('names and targets over the limit', () => {
    const long = Array.from({ length: 40 }, () => 'n'.repeat(99)).join('/');
    expect(refusal(rawTar([{ pax: { path: long } }]))).toBe('read');
    expect(refusal(rawTar([{ pax: { path: long } }]), { maxPathBytes: 3000 })).toBe('unsafe-name');
    expect(refusal(rawTar([{ typeflag: '2', pax: { linkpath: long } }]), { maxPathBytes: 3000 })).toBe('unsafe-name');
    expect(refusal(rawTar([{ typeflag: '2', link: '' }]))).toBe('unsafe-name');
    expect(refusal(rawTar([{ typeflag: '2', pax: { linkpath: 'a\0b' } }]))).toBe('unsafe-name');
  });

  test('symlinks keep their target, wherever it leads', () => {
    expect(read(rawTar([{ typeflag: '2', link: '../../etc//passwd' }]))[0]?.entry.link).toBe('../../etc//passwd');
  });

  test('a message shows names as text, and not all of a long one', () => {
    const name = Buffer.from('../é', 'utf8').toString('latin1');
    expect(() => read(rawTar([{ name }]))).toThrow('the name "../é" leads out of the archive');
    expect(() => read(rawTar([{ pax: { path: `../${'x'.repeat(250)}` } }]))).toThrow(/x…" leads out/);
  });
});

describe('headers of other writers', () => {
  test('GNU long names and links count more than PAX, which counts more than ustar', () => {
    const long = `${'d/'.repeat(80)}name`;
    const gnu = (typeflag: string, content: string) => rawMember({ name: '././@LongLink', typeflag, content });
    const member = rawMember({
      name: 'short',
      typeflag: '2',
      link: 'target',
      pax: { path: 'pax', linkpath: 'paxlink' },
    });
    const read1 = read(Buffer.concat([gnu('L', `${long}\0`), gnu('K', 'k'.repeat(120)), member]));
    expect(read1.map(({ entry }) => [entry.path, entry.link])).toEqual([[long, 'k'.repeat(120)]]);
    const after = read(Buffer.concat([gnu('L', 'a\0'), rawMember({ name: 'x' }), rawMember({ name: 'y' })]));
    expect(after.map(({ entry }) => entry.path)).toEqual(['a', 'y']);
  });

  test('a prefix belongs to ustar alone, star has times after 131 bytes of it', () => {
    expect(read(rawTar([{ name: 'n', prefix: 'p' }]))[0]?.entry.path).toBe('p/n');
    expect(read(rawTar([{ name: 'n', prefix: 'p', magic: 'ustar  \0' }]))[0]?.entry.path).toBe('n');
    expect(read(rawTar([{ name: 'n', prefix: 'p', magic: '' }]))[0]?.entry.path).toBe('n');
    const star = { name: 'n', prefix: 'p'.repeat(131), patch: { 476: '01234567', 508: 'tar\0' } };
    expect(read(rawTar([star]))[0]?.entry.path).toBe(`${'p'.repeat(131)}/n`);
  });

  test('v7: a directory by its slash, no devices', () => {
    const v7 = { magic: '', typeflag: '\0', devMajor: 3 };
    const [dir, file] = read(
      rawTar([
        { ...v7, name: 'd/', size: 700 },
        { ...v7, name: 'f', content: 'x' },
      ]),
    );
    expect(dir?.entry).toMatchObject({ path: 'd', type: 'directory', size: 0 });
    expect(file).toMatchObject({ entry: { type: 'file', size: 1, devMajor: 0 }, content: 'x' });
  });

  test('a regular file stays one, whatever its name ends in', () => {
    expect(read(rawTar([{ name: 'f/', content: 'abc' }]))[0]).toMatchObject({
      entry: { path: 'f', type: 'file' },
      content: 'abc',
    });
  });

  test('only files have content, whatever size the header claims', () => {
    const lying = ['1', '2', '3', '4', '5', '6'].map((typeflag) => ({
      name: `t${typeflag}`,
      typeflag,
      link: 'x',
      size: 1000,
    }));
    const found = read(rawTar([...lying, { name: 'last', content: 'end' }]));
    expect(found.map(({ entry }) => entry.size)).toEqual([0, 0, 0, 0, 0, 0, 3]);
    expect(found.at(-1)?.content).toBe('end');
  });

  test('a PAX size counts more than the header', () => {
    const member = { name: 'f', content: 'abcdef', size: 2, pax: { size: '6' } };
    expect(read(rawTar([member, { name: 'g' }])).map(({ entry, content }) => [entry.path, content])).toEqual([
      ['f', 'abcdef'],
      ['g', ''],
    ]);
  });

  test('numbers: base-256, spaces, NULs, what stands behind a NUL', () => {
    const big = read(rawTar([{ uid: base256(3_000_000_000n, 8), mtime: base256(-5n, 12) }]))[0]?.entry;
    expect(big).toMatchObject({ uid: 3_000_000_000, mtimeSec: -5 });
    expect(read(rawTar([{ patch: { 100: '   755 \0' } }]))[0]?.entry.mode).toBe(0o755);
    expect(read(rawTar([{ patch: { 100: '\x00\x000755\x00' } }]))[0]?.entry.mode).toBe(0o755);
    expect(read(rawTar([{ patch: { 100: '0755\x00zzz' } }]))[0]?.entry.mode).toBe(0o755);
    expect(read(rawTar([{ patch: { 100: '\0\0\0\0\0\0\0\0' } }]))[0]?.entry.mode).toBe(0);
    expect(refusal(rawTar([{ patch: { 100: '07 55 \0\0' } }]))).toBe('bad-checksum');
    expect(refusal(rawTar([{ patch: { 100: '0xff\0' } }]))).toBe('bad-checksum');
  });

  test('a checksum of signed bytes', () => {
    const tar = rawTar([{ name: 'caf\xe9' }]);
    const sum = Number.parseInt(tar.toString('latin1', 148, 154), 8) - 256;
    tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    expect(read(tar)[0]?.entry.path).toBe('caf\xe9');
  });

  test('modes without their type bits; labels are passed over, unknown types are not', () => {
    expect(read(rawTar([{ mode: 0o104755 }]))[0]?.entry.mode).toBe(0o4755);
    expect(read(rawTar([{ name: 'label', typeflag: 'V' }, { name: 'f' }])).map(({ entry }) => entry.path)).toEqual([
      'f',
    ]);
    expect(refusal(rawTar([{ typeflag: 'Q' }]))).toBe('unsupported');
  });
});

describe('PAX', () => {
  test('a global header changes nothing, as in container engines', () => {
    const global = {
      name: 'pax_global_header',
      typeflag: 'g',
      content: paxRecords({ comment: 'c', path: 'all', uid: '7' }),
    };
    expect(read(rawTar([global, { name: 'f' }]))[0]?.entry).toMatchObject({ path: 'f', uid: 0 });
    expect(refusal(rawTar([{ ...global, content: 'nonsense' }]))).toBe('bad-pax');
  });

  test('of two headers the later counts, of two equal keys too; an empty value leaves the header its say', () => {
    const first = rawMember({ typeflag: 'x', content: paxRecords({ path: 'one', uid: '1' }) });
    const second = rawMember({ typeflag: 'x', content: `${paxRecords({ gid: '2' })}${paxRecords({ gid: '3' })}` });
    const [one] = read(Buffer.concat([first, second, rawMember({ name: 'f' })]));
    expect(one?.entry).toMatchObject({ path: 'f', uid: 0, gid: 3 });
    const empty = { path: '', linkpath: '', uid: '', size: '', mtime: '' };
    const [kept] = read(rawTar([{ name: 'f', typeflag: '2', link: 'l', uid: 5, mtime: 9, pax: empty }]));
    expect(kept?.entry).toMatchObject({ path: 'f', link: 'l', uid: 5, mtimeSec: 9 });
  });

  test.each([
    ['1600000000.123456789', 1_600_000_000, 123_456_789],
    ['1600000000.1234567899', 1_600_000_000, 123_456_789],
    ['7', 7, 0],
    ['7.', 7, 0],
    ['-1.25', -2, 750_000_000],
    ['-3', -3, 0],
    ['-0', 0, 0],
    ['-0.5', -1, 500_000_000],
  ])('mtime %s', (mtime, mtimeSec, mtimeNsec) => {
    expect(read(rawTar([{ pax: { mtime } }]))[0]?.entry).toMatchObject({ mtimeSec, mtimeNsec });
  });

  test('xattrs are bytes, in order, also empty ones', () => {
    const pax = { 'SCHILY.xattr.user.b': '\0\xff', 'SCHILY.xattr.user.a': '', 'LIBARCHIVE.x': 'y' };
    const [one] = read(rawTar([{ pax }]));
    expect(
      [...(one?.entry.xattrs ?? [])].map(([name, value]) => [name, Buffer.from(value).toString('latin1')]),
    ).toEqual([
      ['user.a', ''],
      ['user.b', '\0\xff'],
    ]);
  });
});

describe('the end', () => {
  test('two blocks of zeros, one, or none; nothing behind them is read', () => {
    const member = rawMember({ name: 'f' });
    const zeros = Buffer.alloc(512);
    for (const end of [[], [zeros], [zeros, zeros], [zeros, zeros, Buffer.from('rubbish')]])
      expect(read(Buffer.concat([member, ...end]))).toHaveLength(1);
    expect(read(Buffer.alloc(0))).toEqual([]);
    expect(read(Buffer.alloc(10_240))).toEqual([]);
  });

  test('an archive that goes on after one block of zeros is refused: readers disagree on it', () => {
    const member = rawMember({ name: 'f' });
    expect(refusal(Buffer.concat([member, Buffer.alloc(512), member]))).toBe('bad-checksum');
  });

  test.each([
    ['in a header', 100],
    ['in content', 512 + 3],
    ['in padding', 512 + 100],
  ])('%s', (_name, length) => {
    expect(refusal(rawTar([{ content: 'x'.repeat(50) }]).subarray(0, length))).toBe('truncated');
  });

  test('before the member that a header announces', () => {
    expect(refusal(rawMember({ typeflag: 'x', content: paxRecords({ uid: '1' }) }))).toBe('truncated');
    expect(refusal(rawMember({ typeflag: 'L', content: 'name' }))).toBe('truncated');
    expect(refusal(rawMember({ typeflag: 'K', content: 'name' }))).toBe('truncated');
  });
});

const HOSTILE: readonly (readonly [string, string, Buffer])[] = [
  ['an old sparse member', 'unsupported', rawTar([{ typeflag: 'S', magic: 'ustar  \0' }])],
  ['a PAX sparse member', 'unsupported', rawTar([{ pax: { 'GNU.sparse.major': '1', 'GNU.sparse.name': '../x' } }])],
  ['1 PB that does not come', 'truncated', rawTar([{ size: base256(2n ** 50n, 12) }])],
  ['1 PB in PAX', 'truncated', rawTar([{ pax: { size: String(2 ** 50) } }])],
  ['more than an exabyte', 'too-large', rawTar([{ size: base256(2n ** 63n, 12) }])],
  ['sizes that add up to more than a number holds', 'too-large', rawTar([{ pax: { size: '9999999999999999' } }])],
  ['a negative size', 'too-large', rawTar([{ size: base256(-1n, 12) }])],
  ['a negative size in PAX', 'bad-pax', rawTar([{ pax: { size: '-1' } }])],
  ['a size that is no number', 'bad-pax', rawTar([{ pax: { size: '0x10' } }])],
  ['a time that is no number', 'bad-pax', rawTar([{ pax: { mtime: 'now' } }])],
  ['an owner that is no number', 'bad-pax', rawTar([{ pax: { uid: '1e3' } }])],
  ['a negative owner', 'unsupported', rawTar([{ uid: base256(-1n, 8) }])],
  ['an owner beyond 32 bits', 'unsupported', rawTar([{ pax: { gid: '4294967295' } }])],
  ['a device beyond all devices', 'unsupported', rawTar([{ typeflag: '3', devMajor: 0o7777777 }])],
  ['a negative device', 'unsupported', rawTar([{ typeflag: '4', patch: { 337: base256(-1n, 8).toString('latin1') } }])],
  ['PAX of 2 MiB', 'bad-pax', rawTar([{ typeflag: 'x', content: 'x'.repeat(2 << 20) }])],
  ['PAX that says it is 1 PB', 'bad-pax', rawTar([{ typeflag: 'x', size: base256(2n ** 50n, 12) }])],
  ['PAX of a negative size', 'bad-pax', rawTar([{ typeflag: 'g', size: base256(-512n, 12) }])],
  ['a long name of 2 MiB', 'bad-pax', rawTar([{ typeflag: 'L', content: 'x'.repeat(2 << 20) }])],
  ['a long name of 1 MiB', 'unsafe-name', rawTar([{ typeflag: 'L', content: 'x'.repeat(1 << 20) }, {}])],
  ...[
    '9',
    '9 ',
    '9 a=b',
    '99 a=b\n',
    '-6 a=b\n',
    '6a=b\n',
    '5 =b\n',
    '6 a=bc\n',
    '5 ab\n',
    '3 \n',
    '0 a=b\n',
    ' 6 a=b\n',
    '1e1 abc=d\n',
  ].map((content) => [`PAX ${JSON.stringify(content)}`, 'bad-pax', rawTar([{ typeflag: 'x', content }, {}])] as const),
  ['no tar', 'bad-checksum', Buffer.from('x'.repeat(2000))],
  ['a broken checksum', 'bad-checksum', Buffer.concat([rawMember({}).fill('z', 0, 1)])],
];

describe('hostile archives', () => {
  test.each(HOSTILE)('%s: %s', (_name, code, tar) => {
    expect(refusal(tar)).toBe(code);
    expect(refusal(tar, { step: 511 })).toBe(code);
  });

  test('too many entries, the meta ones counted too', () => {
    const members = Array.from({ length: 5 }, () => ({ pax: { uid: '1' } }));
    expect(refusal(rawTar(members), { maxEntries: 9 })).toBe('too-many');
    expect(refusal(rawTar(members), { maxEntries: 10 })).toBe('read');
  });

  test('too much content, before it comes', () => {
    const members = Array.from({ length: 3 }, () => ({ content: 'x'.repeat(40) }));
    expect(refusal(rawTar(members), { maxBytes: 119 })).toBe('too-large');
    expect(refusal(rawTar(members), { maxBytes: 120 })).toBe('read');
  });

  test('an archive with any bytes changed is read or refused, never a crash, and never an unsafe name', () => {
    const whole = rawTar([
      { name: 'd', typeflag: '5' },
      { name: 'd/f', content: 'content', pax: { path: 'd/long', mtime: '1.5', 'SCHILY.xattr.user.x': 'y' } },
      { name: 'd/l', typeflag: '1', link: 'd/f' },
      { typeflag: 'L', content: 'gnu\0' },
      { name: 'dev', typeflag: '3', devMajor: 1, devMinor: 3 },
    ]);
    const change = fc.tuple(fc.nat(whole.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), fc.boolean(), (changes, isMended) => {
        const tar = Buffer.from(whole);
        for (const [at, byte] of changes) tar[at] = byte;
        if (isMended) mendChecksums(tar);
        try {
          for (const { entry } of read(tar)) {
            expect(relPath(entry.path)).toBe(entry.path);
            expect(entry.path).not.toContain('\0');
          }
        } catch (error) {
          expect(error).toBeInstanceOf(ArchiveError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

/** So that changed headers get past the first gate. */
function mendChecksums(tar: Buffer): void {
  for (let at = 0; at + 512 <= tar.length; at += 512) {
    if (tar.toString('latin1', at + 257, at + 262) !== 'ustar') continue;
    tar.fill(0x20, at + 148, at + 156);
    const sum = tar.subarray(at, at + 512).reduce((total, byte) => total + byte, 0);
    tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, at + 148, 'latin1');
  }
}

describe('other programs', () => {
  test('what GNU tar makes of files, links and long names, in each of its formats', () => {
    using dir = tempDir();
    const long = 'l'.repeat(120);
    mkdirSync(join(dir.path, 'src', 'd'), { recursive: true });
    writeFileSync(join(dir.path, 'src', 'd', 'f'), 'hello');
    writeFileSync(join(dir.path, 'src', 'd', long), '');
    execFileSync('ln', ['-s', long, join(dir.path, 'src', 'd', 's')]);
    execFileSync('ln', [join(dir.path, 'src', 'd', 'f'), join(dir.path, 'src', 'd', 'g')]);
    for (const format of ['gnu', 'pax']) {
      const tar = execFileSync('tar', ['--format', format, '--sort=name', '-C', join(dir.path, 'src'), '-c', '.']);
      expect(read(tar).map(({ entry, content }) => [entry.path, entry.type, entry.link, content])).toEqual([
        ['', 'directory', '', ''],
        ['d', 'directory', '', ''],
        ['d/f', 'file', '', 'hello'],
        ['d/g', 'hardlink', 'd/f', ''],
        [`d/${long}`, 'file', '', ''],
        ['d/s', 'symlink', long, ''],
      ]);
    }
  });

  const name = fc.stringMatching(/^[a-z0-9_ ]{1,60}(\/[a-z0-9_.]{1,70}[a-z]){0,3}$/);
  // ids and times as far as tar-stream's fields go
  const member = fc.record({
    name,
    type: fc.constantFrom('file' as const, 'directory' as const, 'symlink' as const),
    mode: fc.integer({ min: 1, max: 0o7777 }),
    uid: fc.integer({ min: 1, max: 0o777777 }),
    gid: fc.integer({ min: 1, max: 0o777777 }),
    mtime: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
    content: fc.string({ unit: 'grapheme-ascii', maxLength: 1200 }),
    link: fc.stringMatching(/^[a-z/.]{1,120}$/),
  });

  test('what tar-stream packs', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(member, { maxLength: 6 }), async (members) => {
        const archive = pack();
        for (const { content, link, mtime, ...header } of members) {
          const isFile = header.type === 'file';
          const linkname = header.type === 'symlink' ? { linkname: link } : {};
          archive.entry({ ...header, ...linkname, mtime: new Date(mtime * 1000) }, isFile ? content : '');
        }
        archive.finalize();
        const chunks: Buffer[] = [];
        for await (const chunk of archive as AsyncIterable<Buffer>) chunks.push(chunk);
        const found = read(Buffer.concat(chunks), { step: 700 });
        expect(found.map(plain)).toEqual(
          members.map((one) => ({
            path: relPath(one.name),
            type: one.type,
            mode: one.mode,
            uid: one.uid,
            gid: one.gid,
            mtime: one.mtime,
            link: one.type === 'symlink' ? one.link : '',
            content: one.type === 'file' ? one.content : '',
          })),
        );
      }),
      { numRuns: 60 },
    );
  });

  test('tar-stream reads what is written here', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(member, { maxLength: 6 }), async (members) => {
        const chunks: Buffer[] = [];
        const writer = makeTarWriter((chunk) => void chunks.push(Buffer.from(chunk)));
        for (const { content, mtime, name: path, link, ...one } of members) {
          const size = one.type === 'file' ? content.length : 0;
          const own = { path: relPath(path), size, mtimeSec: mtime, link: one.type === 'symlink' ? link : '' };
          writer.entry({ ...one, ...own, mtimeNsec: 0, devMajor: 0, devMinor: 0, xattrs: new Map() });
          if (size > 0) writer.content(Buffer.from(content));
        }
        writer.end();
        const found: unknown[] = [];
        const reader = extract();
        reader.end(Buffer.concat(chunks));
        for await (const part of reader) {
          const parts: Buffer[] = [];
          for await (const chunk of part as AsyncIterable<Buffer>) parts.push(chunk);
          found.push([part.header.name, part.header.type, part.header.uid, Buffer.concat(parts).toString()]);
        }
        expect(found).toEqual(
          members.map(({ name: path, type, uid, content }) => [
            type === 'directory' ? `${relPath(path)}/` : relPath(path),
            type,
            uid,
            type === 'file' ? content : '',
          ]),
        );
      }),
      { numRuns: 60 },
    );
  });
});

function plain({ entry: { path, type, mode, uid, gid, mtimeSec, link }, content }: Read) {
  return { path, type, mode, uid, gid, mtime: mtimeSec, link, content };
}
