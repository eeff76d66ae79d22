import { spawnSync } from 'node:child_process';
import { lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { contentIDOf, diffIDOf, digestOf } from '../../cache/index.ts';
import { type Door, hostileArchives } from '../../fixtures/hostile/archives.ts';
import { BuildError } from '../../src/errors.ts';
import { planCopy, selectSources } from '../../src/ops/copy/index.ts';
import { makeLayerSupply } from '../../src/session/layer-supply.ts';
import { openContext, unpackContext } from '../../src/sources/context/index.ts';
import { copyOp, SCRATCH } from '../ops/copy/rig.ts';
import { tempDir } from '../rig/layers.ts';
import { rawTar } from '../rig/raw-tar.ts';
import { untimed } from '../rig/untimed.ts';
import { filter } from '../sources/context/make-tar.ts';
import { sessionRig } from './rig.ts';

const { signal } = new AbortController();
const CODES: Record<Door, string> = { layer: 'layer-refused', add: 'layer-refused', context: 'context-invalid' };
/** No media type of a layer says xz. */
const KINDS = { layer: ['gzip', 'zstd'], add: ['gzip', 'zstd', 'xz'], context: ['gzip', 'zstd', 'xz'] } as const;
const DOORS = Object.keys(CODES) as Door[];

describe.each(DOORS)('hostile archives as %s', (door) => {
  test.each(hostileArchives('/nowhere').map(({ name }, index) => [name, index] as const))(
    '%s',
    async (_name, index) => {
      using place = makePlace();
      const hostile = hostileArchives(place.victim)[index];
      if (hostile === undefined) throw new Error('no such archive');
      const before = seen(place.path, 'work');
      const outcome = await enter(door, hostile.tar, place);
      expect(outcome).toBe(hostile.refusedBy.includes(door) ? codeFor(door, hostile.name) : 'taken');
      expect(seen(place.path, 'work')).toEqual(before);
    },
  );

  test('cut at every boundary', async () => {
    const whole = rawTar([
      { name: 'd', typeflag: '5' },
      { name: 'x', content: 'content', pax: { path: 'd/pax', mtime: '1.5' } },
      { typeflag: 'L', content: 'd/gnu\0' },
      { name: 'x', content: 'y'.repeat(600) },
    ]);
    using place = makePlace();
    const outcomes = new Set<string>();
    for (let end = 513; end < whole.length - 1024; end += 256) {
      // between two members an end is an end
      if (end % 512 !== 0)
        outcomes.add(await enter(door, whole.subarray(0, end), { ...place, work: join(place.work, `${end}`) }));
    }
    expect([...outcomes]).toEqual([CODES[door]]);
  });

  test.each(KINDS[door])('a bomb of 8 MiB in %s', async (kind) => {
    using place = makePlace();
    const tar = rawTar([{ name: 'zeros', content: Buffer.alloc(8 << 20) }]);
    const packed = kind === 'gzip' ? gzipSync(tar) : spawnSync(kind, ['-c'], { input: tar, maxBuffer: 1 << 30 }).stdout;
    expect(await enter(door, packed, { ...place, maxBytes: 1 << 20, kind })).toBe(CODES[door]);
  });
});

/** A name that means a removal is refused by ADD where it would be copied. */
function codeFor(door: Door, name: string): string {
  if (door !== 'add') return CODES[door];
  if (name.startsWith('a removal')) return 'copy-invalid';
  return /^a (hard link (to nothing|through)|file through a (relative )?symlink)/.test(name)
    ? 'copy-conflict'
    : CODES[door];
}

interface Place {
  readonly path: string;
  readonly victim: string;
  readonly work: string;
  readonly maxBytes?: number;
  readonly kind?: 'gzip' | 'zstd' | 'xz';
}

async function enter(door: Door, bytes: Buffer, place: Place): Promise<string> {
  try {
    await WAYS[door](bytes, place);
    return 'taken';
  } catch (error) {
    if (error instanceof BuildError) return error.code;
    throw error;
  }
}

const WAYS: Record<Door, (bytes: Buffer, place: Place) => Promise<void>> = {
  async context(bytes, { work, maxBytes }) {
    mkdirSync(work, { recursive: true });
    await unpackContext(inPieces(bytes), { dir: work, signal, filter, maxBytes });
  },
  async add(bytes, { work, maxBytes }) {
    mkdirSync(work, { recursive: true });
    writeFileSync(join(work, 'a.tar'), bytes);
    const op = copyOp(['a.tar'], '/x/', { instruction: 'ADD', unpack: true });
    const options = { signal, filter, tempDir: work, ...(maxBytes === undefined ? {} : { maxBytes }) };
    const selection = await selectSources(op, new Map([[1, openContext(work)]]), options);
    if (selection.sources.some(({ kind }) => kind !== 'archive'))
      throw new BuildError('layer-refused', 'it is no archive');
    planCopy(op, selection, SCRATCH);
  },
  async layer(bytes, { maxBytes, kind }) {
    const { root } = await sessionRig();
    const mediaType = `application/vnd.oci.image.layer.v1.tar${kind === undefined ? '' : `+${kind}`}`;
    const blob = { mediaType, digest: digestOf(bytes), size: bytes.length };
    root.content.putBytes(bytes);
    const diffID = diffIDOf(digestOf(bytes));
    const supply = makeLayerSupply({
      timed: untimed,
      root,
      fetchBlob: () => Promise.resolve(blob),
      filter,
      warn: () => undefined,
      ...(maxBytes === undefined ? {} : { maxBytes }),
    });
    await supply.ensureLayer(
      { diffID, contentID: contentIDOf(diffID), blob, verified: false, origins: [] },
      { signal },
    );
  },
};

function makePlace(): Place & Disposable {
  const dir = tempDir();
  const [victim, work] = [join(dir.path, 'victim'), join(dir.path, 'work')];
  mkdirSync(victim);
  writeFileSync(join(victim, 'file'), 'untouched');
  return { path: dir.path, victim, work, [Symbol.dispose]: () => dir[Symbol.dispose]() };
}

/** All that lies around the place of work. */
function seen(dir: string, except: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((path) => path !== except && !path.startsWith(`${except}/`))
    .map((path) => {
      const stat = lstatSync(join(dir, path));
      const { mode, nlink, mtimeMs, size } = stat;
      return [
        path,
        mode,
        stat.isFile() ? nlink : '',
        mtimeMs,
        size,
        stat.isFile() ? readFileSync(join(dir, path), 'utf8') : '',
      ].join(' ');
    })
    .filter((line) => !line.startsWith('work '));
}

async function* inPieces(bytes: Buffer): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
}
