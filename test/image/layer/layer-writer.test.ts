import { execFileSync } from 'node:child_process';
import { createReadStream, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as zlib from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { digestOf } from '../../../cache/index.ts';
import { ArchiveError, BARE, makeTarReader, makeTarWriter, type TarEntry } from '../../../src/image/archive/index.ts';
import { crc32 } from '../../../src/image/layer/crc32.ts';
import {
  compareTarNames,
  compressionOf,
  compressLayer,
  ingestLayer,
  openLayerWriter,
} from '../../../src/image/layer/index.ts';
import { openToc } from '../../../src/image/toc/index.ts';
import { relPath } from '../../../src/util/rel-path.ts';
import { tempDir, writeLayer } from '../../rig/layers.ts';

const signal = new AbortController().signal;

const EMPTY = { ...BARE, type: 'file', mode: 0o644 } as const;

describe('writing', () => {
  test('the diffID is the digest of the tar, file digests are those of the files', () => {
    using dir = tempDir();
    const made = writeLayer(dir.path, { 'a/': {}, 'a/b': 'hello' });
    const tar = readFileSync(made.tarPath);
    expect(made.diffID).toBe(digestOf(tar));
    expect(made.size).toBe(tar.length);
    const entry = openToc(made.tocPath).lookup('a/b');
    expect(entry?.digest).toBe(digestOf('hello'));
    expect(tar.subarray(entry?.offset ?? 0).toString('latin1', 0, 5)).toBe('hello');
  });

  test('content may come in pieces; a piece is not kept', () => {
    using dir = tempDir();
    const [tarPath, tocPath] = [join(dir.path, 't'), join(dir.path, 'c')];
    const writer = openLayerWriter({ tarPath, tocPath });
    const size = 700_000;
    const digest = writer.add({ ...EMPTY, path: relPath('f'), size }, (sink) => {
      const piece = Buffer.alloc(70_000);
      for (let count = 0; count < 10; count += 1) sink(piece.fill(count));
    });
    writer.finish();
    const whole = Buffer.concat(Array.from({ length: 10 }, (_, count) => Buffer.alloc(70_000, count)));
    expect(digest).toBe(digestOf(whole));
    expect(
      readFileSync(tarPath)
        .subarray(512, 512 + size)
        .equals(whole),
    ).toBe(true);
    expect(openToc(tocPath).lookup('f')?.digest).toBe(digest);
  });

  test('times move the diffID and not the ContentID', () => {
    using dir = tempDir();
    const [a, b] = [1, 2].map((mtimeSec) => writeLayer(dir.path, { f: { content: 'x', mtimeSec } }));
    expect(a?.diffID).not.toBe(b?.diffID);
    expect(a?.contentID).toBe(b?.contentID);
  });

  test.each([
    ['mode', { mode: 0o600 }],
    ['uid', { uid: 1 }],
    ['gid', { gid: 1 }],
    ['content', { content: 'y' }],
    ['xattrs', { xattrs: new Map([['security.capability', Buffer.from([1])]]) }],
    ['type', { type: 'fifo' as const, content: '' }],
  ])('%s moves the ContentID', (_name, change) => {
    using dir = tempDir();
    const before = writeLayer(dir.path, { f: { content: 'x' } });
    expect(writeLayer(dir.path, { f: { content: 'x', ...change } }).contentID).not.toBe(before.contentID);
  });

  test('whiteouts and opaque directories are markers in the tar and flags in the toc', () => {
    using dir = tempDir();
    const made = writeLayer(dir.path, { 'd/': { opaque: true }, 'd/gone': { whiteout: true } });
    const names = execFileSync('tar', ['tf', made.tarPath], { encoding: 'utf8' }).split('\n');
    expect(names).toEqual(['d/', 'd/.wh..wh..opq', 'd/.wh.gone', '']);
    const toc = openToc(made.tocPath);
    expect(toc.lookup('d')?.opaque).toBe(true);
    expect(toc.lookup('d/gone')?.whiteout).toBe(true);
  });

  test('xattrs that overlayfs would obey are left out, and said', () => {
    using dir = tempDir();
    const xattrs = new Map([
      ['trusted.overlay.redirect', Buffer.from('/etc')],
      ['user.ok', Buffer.from('1')],
      ['user.overlay.opaque', Buffer.from('y')],
    ]);
    const made = writeLayer(dir.path, { f: { xattrs } });
    expect([...(openToc(made.tocPath).lookup('f')?.xattrs.keys() ?? [])]).toEqual(['user.ok']);
    expect(made.warnings).toHaveLength(1);
  });

  test('what would mean a whiteout, a wrong order and a wrong size are refused', () => {
    using dir = tempDir();
    const entry = (path: string, size = 0): TarEntry => ({
      path: relPath(path),
      type: 'file',
      mode: 0,
      uid: 0,
      gid: 0,
      size,
      mtimeSec: 0,
      mtimeNsec: 0,
      link: '',
      devMajor: 0,
      devMinor: 0,
      xattrs: new Map(),
    });
    const writer = openLayerWriter({ tarPath: join(dir.path, 't'), tocPath: join(dir.path, 'c') });
    expect(() => writer.add(entry('.wh.x'))).toThrow(ArchiveError);
    writer.add(entry('b'));
    expect(() => writer.add(entry('a'))).toThrow('a comes after b');
    expect(() => writer.opaque(relPath('b'))).toThrow('not added just before');
    expect(() => writer.add(entry('c', 1), () => undefined)).toThrow('0 bytes came');
    writer.abort();
    writer.abort();
    expect(() => readFileSync(join(dir.path, 't'))).toThrow('ENOENT');
    expect(compareTarNames(entry('a'), entry('a'))).toBe(0);
  });

  test('times are cut down to their second in the tar, and whole in the table', () => {
    using dir = tempDir();
    const made = writeLayer(dir.path, {
      after: { content: '', mtimeSec: 7, mtimeNsec: 999_999_999 },
      before: { content: '', mtimeSec: -1, mtimeNsec: 250_000_000 },
    });
    const times: (readonly [number, number])[] = [];
    const reader = makeTarReader({
      entry: ({ mtimeSec, mtimeNsec }) => void times.push([mtimeSec, mtimeNsec]),
      content: () => undefined,
    });
    reader.write(readFileSync(made.tarPath));
    reader.end();
    expect(times).toEqual([
      [7, 0],
      [-1, 0],
    ]);
    const toc = openToc(made.tocPath);
    expect(toc.lookup('after')).toMatchObject({ mtimeSec: 7, mtimeNsec: 999_999_999 });
    expect(toc.lookup('before')).toMatchObject({ mtimeSec: -1, mtimeNsec: 250_000_000 });
    // one header for `after`, an extended one for `before`: ustar has no times before 1970
    expect(made.size).toBe((1 + 3 + 2) * 512);
  });

  test('GNU tar reads odd names, long ones and times before 1970', () => {
    using dir = tempDir();
    const long = `${'d'.repeat(90)}/${'e'.repeat(200)}`;
    const made = writeLayer(dir.path, {
      [`${'d'.repeat(90)}/`]: {},
      [long]: 'x',
      'caf\xc3\xa9': 'y',
      'bad\xff': { content: 'z', mtimeSec: -1, mtimeNsec: 500_000_000 },
    });
    const names = execFileSync('tar', ['--quoting-style=escape', '-tf', made.tarPath], {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C' },
    })
      .trim()
      .split('\n');
    expect(names).toEqual(['bad\\377', 'caf\\303\\251', `${'d'.repeat(90)}/`, long]);
  });
});

type ForeignEntry = Partial<Omit<TarEntry, 'path'>> & { readonly path: string; readonly content?: string };

describe('reading foreign layers', () => {
  function foreign(entries: readonly ForeignEntry[]): Buffer {
    const chunks: Buffer[] = [];
    const writer = makeTarWriter((chunk) => void chunks.push(Buffer.from(chunk)));
    for (const { content = '', ...entry } of entries) {
      writer.entry({
        type: 'file',
        mode: 0o644,
        uid: 0,
        gid: 0,
        mtimeSec: 0,
        mtimeNsec: 0,
        link: '',
        devMajor: 0,
        devMinor: 0,
        xattrs: new Map(),
        size: content.length,
        ...entry,
        path: entry.path as TarEntry['path'],
      });
      if (content !== '') writer.content(Buffer.from(content));
    }
    writer.end();
    return Buffer.concat(chunks);
  }
  async function ingest(dir: string, bytes: Buffer, options: { maxBytes?: number } = {}) {
    const [tarPath, tocPath] = [join(dir, 'in.tar'), join(dir, 'in.toc')];
    return {
      made: await ingestLayer(source(bytes), { compression: 'none', tarPath, tocPath, signal, ...options }),
      toc: openToc(tocPath),
    };
  }
  async function* source(bytes: Buffer) {
    for (let at = 0; at < bytes.length; at += 100) yield bytes.subarray(at, at + 100);
  }

  test('markers, 0:0 devices, duplicates and hard links', async () => {
    using dir = tempDir();
    const { made, toc } = await ingest(
      dir.path,
      foreign([
        { path: 'd', type: 'directory' },
        { path: 'd/.wh..wh..opq' },
        { path: 'd/.wh.gone' },
        { path: 'e/.wh..wh..opq' },
        { path: 'x/.wh..wh.plnk' },
        { path: 'dev', type: 'character' },
        { path: 'twice', content: 'old' },
        { path: 'twice', content: 'newer' },
        { path: 'other', type: 'hardlink', link: 'twice' },
        { path: 'evil', xattrs: new Map([['trusted.x', Buffer.from('1')]]) },
      ]),
    );
    expect(toc.lookup('d')).toMatchObject({ opaque: true });
    expect(toc.lookup('e')).toMatchObject({ opaque: true, type: 'directory' });
    expect(toc.lookup('d/gone')?.whiteout).toBe(true);
    expect(toc.lookup('dev')?.whiteout).toBe(true);
    expect(toc.lookup('twice')).toMatchObject({ size: 5, linkGroup: 'twice' });
    expect(toc.lookup('other')).toMatchObject({ type: 'hardlink', link: 'twice', linkGroup: 'twice' });
    expect(toc.lookup('x')).toBeUndefined();
    expect(made.warnings).toEqual(['evil: left out trusted.x']);
    expect(made.contentID).toBe(made.diffID);
  });

  test.each([
    ['..', [{ path: 'a/../../etc/passwd' }]],
    ['a link out', [{ path: 'a', type: 'hardlink' as const, link: '../x' }]],
  ])('%s is refused and leaves no file', async (_name, entries: readonly ForeignEntry[]) => {
    using dir = tempDir();
    await expect(ingest(dir.path, foreign(entries))).rejects.toThrow(ArchiveError);
    expect(() => readFileSync(join(dir.path, 'in.tar'))).toThrow('ENOENT');
  });

  test('more bytes than allowed', async () => {
    using dir = tempDir();
    await expect(ingest(dir.path, foreign([{ path: 'a', content: 'x' }]), { maxBytes: 100 })).rejects.toThrow(
      'more than 100 bytes',
    );
  });

  test('a gzip blob', async () => {
    using dir = tempDir();
    const made = writeLayer(dir.path, { f: 'content' });
    const gz = join(dir.path, 'f.gz');
    await compressLayer(made.tarPath, { algorithm: 'gzip', level: 6, destPath: gz, signal });
    const tarPath = join(dir.path, 'again.tar');
    const again = await ingestLayer(createReadStream(gz), {
      compression: 'gzip',
      tarPath,
      tocPath: join(dir.path, 'again.toc'),
      signal,
    });
    expect(again).toMatchObject({ diffID: made.diffID, size: made.size });
    writeFileSync(gz, readFileSync(gz).subarray(0, 40));
    const torn = ingestLayer(createReadStream(gz), {
      compression: 'gzip',
      tarPath: join(dir.path, 'torn.tar'),
      tocPath: join(dir.path, 'torn.toc'),
      signal,
    });
    await expect(torn).rejects.toMatchObject({ code: 'not-compressed' });
  });

  test('any prefix of a tar is read or refused, never a crash', () => {
    const whole = foreign([
      { path: 'd', type: 'directory' },
      { path: `d/${'n'.repeat(150)}\xff`, content: 'x'.repeat(700), mtimeNsec: 1 },
    ]);
    for (let end = 0; end < whole.length; end += 37) {
      const reader = makeTarReader({ entry: () => undefined, content: () => undefined });
      try {
        reader.write(whole.subarray(0, end));
        reader.end();
      } catch (error) {
        expect(error).toBeInstanceOf(ArchiveError);
      }
    }
  });
});

const name = fc
  .array(
    fc.string({
      unit: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)),
      minLength: 1,
      maxLength: 30,
    }),
    { minLength: 1, maxLength: 8 },
  )
  .map((parts) => relPath(parts.map((part) => part.replace(/[/]/g, '_')).join('/')))
  .filter((path) => path !== '');

const entry: fc.Arbitrary<TarEntry> = fc
  .record({
    path: name,
    type: fc.constantFrom('file', 'directory', 'symlink', 'fifo', 'character'),
    mode: fc.integer({ min: 0, max: 0o7777 }),
    uid: fc.oneof(fc.nat(70000), fc.nat(2 ** 31)),
    gid: fc.oneof(fc.nat(70000), fc.nat(2 ** 31)),
    mtimeSec: fc.integer({ min: -(2 ** 33), max: 2 ** 35 }),
    mtimeNsec: fc.integer({ min: 0, max: 999_999_999 }),
    link: name,
    devMajor: fc.nat(4095),
    devMinor: fc.nat(255),
    xattrs: fc
      .dictionary(fc.constantFrom('security.capability', 'user.\xff'), fc.uint8Array({ maxLength: 40 }))
      .map((all) => new Map(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)))),
  })
  .map((one) => ({
    ...one,
    size: 0,
    link: one.type === 'symlink' ? one.link : '',
    ...(one.type === 'character' ? {} : { devMajor: 0, devMinor: 0 }),
  }));

test('what is written is what is read, byte for byte', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(entry, fc.uint8Array({ maxLength: 1500 })), { maxLength: 8 }), (items) => {
      const written = items.map(([one, content]) => ({ ...one, size: one.type === 'file' ? content.length : 0 }));
      const chunks: Buffer[] = [];
      const writer = makeTarWriter((chunk) => void chunks.push(Buffer.from(chunk)));
      for (const [index, one] of written.entries()) {
        writer.entry(one);
        if (one.size > 0) writer.content(items[index]?.[1] ?? new Uint8Array());
      }
      writer.end();
      const read: TarEntry[] = [];
      const contents: Buffer[][] = [];
      const reader = makeTarReader({
        entry: (one) => {
          read.push(one);
          contents.push([]);
        },
        content: (chunk) => void contents.at(-1)?.push(Buffer.from(chunk)),
      });
      const tar = Buffer.concat(chunks);
      expect(tar.length).toBe(writer.offset);
      for (let at = 0; at < tar.length; at += 333) reader.write(tar.subarray(at, at + 333));
      reader.end();
      const plain = (one: TarEntry) => ({
        ...one,
        xattrs: [...one.xattrs].map(([key, value]) => [key, Buffer.from(value).toString('hex')]),
      });
      expect(read.map(plain)).toEqual(written.map(plain));
      for (const [index, one] of written.entries())
        if (one.type === 'file')
          expect(Buffer.concat(contents[index] ?? []).equals(Buffer.from(items[index]?.[1] ?? []))).toBe(true);
    }),
    { numRuns: 200 },
  );
});

describe('compression', () => {
  test('the same bytes for any number of chunks in work; gzip and Node take them', async () => {
    using dir = tempDir();
    const source = join(dir.path, 'big');
    const random = Buffer.alloc(2_500_000);
    for (let at = 0, state = 1; at < random.length; at += 1) {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      random[at] = state >>> 24;
    }
    const text = Buffer.from('all work and no play makes jack a dull boy\n'.repeat(60_000));
    writeFileSync(source, Buffer.concat([text, random, text]));
    const digests = new Set<string>();
    for (const concurrency of [1, 3, 8]) {
      const destPath = join(dir.path, `out-${concurrency}`);
      digests.add((await compressLayer(source, { algorithm: 'gzip', level: 6, destPath, signal, concurrency })).digest);
    }
    expect(digests.size).toBe(1);
    const out = join(dir.path, 'out-8');
    expect(zlib.gunzipSync(readFileSync(out)).equals(readFileSync(source))).toBe(true);
    execFileSync('gzip', ['-t'], { input: readFileSync(out) });
    expect(readFileSync(out).length).toBeLessThan(2_700_000);
  });

  test('zstd where this Node can write it, an error with the version where not', async () => {
    using dir = tempDir();
    const made = writeLayer(dir.path, { f: 'x'.repeat(3_000_000) });
    const destPath = join(dir.path, 'zst');
    const packing = compressLayer(made.tarPath, { algorithm: 'zstd', level: 3, destPath, signal });
    if ('createZstdCompress' in zlib) {
      expect((await packing).digest).toBe(digestOf(readFileSync(destPath)));
      const unpacked = execFileSync('zstd', ['-dc'], { input: readFileSync(destPath), maxBuffer: 1 << 24 });
      expect(unpacked.equals(readFileSync(made.tarPath))).toBe(true);
    } else {
      await expect(packing).rejects.toMatchObject({ code: 'unsupported' });
      expect(() => readFileSync(destPath)).toThrow('ENOENT');
    }
  });

  test('none copies; an abort leaves nothing', async () => {
    using dir = tempDir();
    const made = writeLayer(dir.path, { f: 'x' });
    const destPath = join(dir.path, 'plain');
    expect((await compressLayer(made.tarPath, { algorithm: 'none', level: 0, destPath, signal })).digest).toBe(
      made.diffID,
    );
    const aborted = compressLayer(made.tarPath, {
      algorithm: 'gzip',
      level: 6,
      destPath: join(dir.path, 'no'),
      signal: AbortSignal.abort(),
    });
    await expect(aborted).rejects.toThrow();
    expect(() => readFileSync(join(dir.path, 'no'))).toThrow('ENOENT');
  });

  test('crc32 is that of gzip', () => {
    expect(crc32(Buffer.from('123456789'), 0)).toBe(0xcbf43926);
  });

  test.each([
    ['application/vnd.oci.image.layer.v1.tar+gzip', 'gzip'],
    ['application/vnd.docker.image.rootfs.diff.tar.gzip', 'gzip'],
    ['application/vnd.docker.image.rootfs.foreign.diff.tar.gzip', 'gzip'],
    ['application/vnd.oci.image.layer.v1.tar+zstd', 'zstd'],
    ['application/vnd.oci.image.layer.v1.tar', 'none'],
    ['application/vnd.oci.image.config.v1+json', undefined],
  ])('%s is %s', (mediaType, kind) => {
    expect(compressionOf(mediaType)).toBe(kind);
  });
});
