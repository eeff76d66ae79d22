import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { digestOf, hexOf } from '../../cache/index.ts';
import { exportImage } from '../../src/exporter/index.ts';
import { MEDIA, parseIndex, parseManifest } from '../../src/image/oci/index.ts';
import { openLayout } from '../../src/sources/registry/index.ts';
import { ExportRig } from '../rig/export-rig.ts';
import { verifyArchive } from '../rig/oci-archive.ts';

const tarOf = (seed: string) => Buffer.alloc(10_240, seed);
let rig: ExportRig;

beforeEach(() => {
  rig = new ExportRig();
});
afterEach(() => rig[Symbol.dispose]());

test('the archive is an OCI layout and a docker archive whose every digest is right', async () => {
  const image = rig.image([rig.pulledLayer(tarOf('base')), rig.ownLayer(tarOf('own'))]);
  const dest = join(rig.out, 'app.tar');
  const { digest, configDigest, outputs, layers } = await exportImage(image, [{ type: 'oci', dest }], rig.deps());
  const verified = verifyArchive(dest);
  expect(verified.digest).toBe(digest);
  expect(verified.diffIDs).toEqual(image.layers.map(({ diffID }) => diffID));
  expect(outputs).toEqual([{ type: 'oci', dest, size: statSync(dest).size, digest }]);
  expect(layers.map(({ blob }) => blob?.mediaType)).toEqual([MEDIA.dockerLayerGzip, MEDIA.ociLayerGzip]);
  expect(rig.files()).toEqual(['app.tar']);
  expect(rig.deps().content.has(configDigest) && rig.deps().content.has(digest)).toBe(true);
});

test('equal images give equal bytes', async () => {
  const files = [];
  for (const name of ['a.tar', 'b.tar']) {
    using other = new ExportRig();
    const image = other.image([other.pulledLayer(tarOf('base')), other.ownLayer(tarOf('own'))]);
    await exportImage(image, [{ type: 'oci', dest: join(rig.out, name) }], other.deps());
    files.push(readFileSync(join(rig.out, name)));
  }
  expect(Buffer.compare(files[0] as Buffer, files[1] as Buffer)).toBe(0);
});

test.each([-5, 7, 253_402_300_799])(
  'the members of an archive have no date, with the epoch %i neither',
  async (epoch) => {
    const image = rig.image([rig.ownLayer(tarOf('own'))]);
    const dests = ['plain.tar', 'epoch.tar'].map((name) => join(rig.out, name));
    for (const [index, dest] of dests.entries()) {
      await exportImage(index === 0 ? image : { ...image, epoch }, [{ type: 'oci', dest }], rig.deps());
      verifyArchive(dest);
    }
    const [plain, dated] = dests.map((dest) => readFileSync(dest));
    expect(Buffer.compare(plain!, dated!)).toBe(0);
  },
);

test('names become annotations and RepoTags as docker writes them', async () => {
  const names = ['docker.io/library/node-app:1.0', 'ghcr.io/o/app:2'];
  const dest = join(rig.out, 'layout');
  await exportImage(
    rig.image([rig.ownLayer(tarOf('x'))], names),
    [
      { type: 'oci', dest, tar: false },
      { type: 'docker', dest: '-' },
    ],
    rig.deps(),
  );
  const { manifests } = parseIndex(readFileSync(join(dest, 'index.json')));
  expect(manifests.map(({ annotations }) => annotations)).toEqual([
    {
      'io.containerd.image.name': 'docker.io/library/node-app:1.0',
      'org.opencontainers.image.created': '2024-01-02T03:04:05Z',
      'org.opencontainers.image.ref.name': '1.0',
    },
    {
      'io.containerd.image.name': 'ghcr.io/o/app:2',
      'org.opencontainers.image.created': '2024-01-02T03:04:05Z',
      'org.opencontainers.image.ref.name': '2',
    },
  ]);
  expect(Buffer.concat(rig.written).toString('latin1')).toContain('"RepoTags":["node-app:1.0","ghcr.io/o/app:2"]');
});

test.each([
  ['2024-01-02T03:04:05.678Z', {}, '2024-01-02T03:04:05Z'],
  ['2024-01-02T03:04:05.678901234+01:00', {}, '2024-01-02T03:04:05+01:00'],
  ['2024-01-02T03:04:05Z', { 'org.opencontainers.image.created': 'mine' }, 'mine'],
])('the descriptor of an image of %s with annotations %j is dated %s', async (created, descriptor, expected) => {
  const plain = rig.image([rig.ownLayer(tarOf('x'))]);
  const dest = join(rig.out, 'layout');
  const output = { type: 'oci', dest, tar: false, annotations: { manifest: {}, descriptor } } as const;
  await exportImage({ ...plain, config: { ...plain.config, created } }, [output], rig.deps());
  const [manifest] = parseIndex(readFileSync(join(dest, 'index.json'))).manifests;
  expect(manifest?.annotations?.['org.opencontainers.image.created']).toBe(expected);
});

test('names of an output count for an image without any', async () => {
  const layers = [rig.ownLayer(tarOf('x'))];
  const namesOf = async (names: readonly string[]) => {
    const dest = join(rig.out, `layout${names.length}`);
    const output = { type: 'oci', dest, tar: false, names: ['docker.io/d/e:f'] } as const;
    await exportImage(rig.image(layers, names), [output], rig.deps());
    const { manifests } = parseIndex(readFileSync(join(dest, 'index.json')));
    return manifests.map(({ annotations }) => annotations?.['io.containerd.image.name']);
  };
  expect(await namesOf([])).toEqual(['docker.io/d/e:f']);
  expect(await namesOf(['docker.io/a/b:c'])).toEqual(['docker.io/a/b:c']);
});

test.each([
  [{}, 7],
  [{ isUndated: true }, 1_600_000_000],
])('files written with %j are of second %d', async (more, second) => {
  const dest = join(rig.out, 'files');
  const image = { ...rig.image([rig.ownLayer(tarOf('x'))]), epoch: 7 };
  await exportImage(image, [{ type: 'local', dest, ...more }], rig.deps());
  expect(statSync(join(dest, 'etc/passwd')).mtimeMs).toBe(second * 1000);
});

test('a layer is compressed once, whatever the outputs and how often', async () => {
  const image = rig.image([rig.ownLayer(tarOf('x')), rig.ownLayer(tarOf('x'))]);
  const outputs = ['a', 'b'].map((name) => ({ type: 'oci' as const, dest: join(rig.out, name) }));
  const first = await exportImage(image, outputs, rig.deps());
  const again = await exportImage(image, outputs, rig.deps());
  expect(again.digest).toBe(first.digest);
  expect(rig.asked).toHaveLength(1);
  expect(first.layers[0]?.blob).toEqual(first.layers[1]?.blob);
});

test('compression, force and media types are as asked', async () => {
  const layers = [rig.pulledLayer(tarOf('base')), rig.ownLayer(tarOf('own'))];
  const forms = [
    [{ compression: { algorithm: 'none' as const } }, [MEDIA.ociLayerGzip, MEDIA.ociLayer]],
    [{ compression: { algorithm: 'none' as const }, forceCompression: true }, [MEDIA.ociLayer, MEDIA.ociLayer]],
    [{ ociMediaTypes: false }, [MEDIA.dockerLayerGzip, MEDIA.dockerLayerGzip]],
  ] as const;
  for (const [form, types] of forms) {
    const { digest } = await exportImage(
      rig.image(layers),
      [{ type: 'oci', dest: join(rig.out, 'x'), ...form }],
      rig.deps(),
    );
    const manifest = parseManifest(readFileSync(rig.deps().content.path(digest)));
    expect(manifest.layers.map(({ mediaType }) => mediaType)).toEqual(types);
    verifyArchive(join(rig.out, 'x'));
  }
});

test('a layout directory takes one image after another and is a source of images', async () => {
  const dest = join(rig.out, 'layout');
  const [one, two] = [
    rig.image([rig.ownLayer(tarOf('1'))]),
    rig.image([rig.ownLayer(tarOf('2'))], ['docker.io/library/other:2']),
  ];
  await exportImage(one, [{ type: 'oci', dest, tar: false }], rig.deps());
  await exportImage(one, [{ type: 'oci', dest, tar: false }], rig.deps());
  const { digest } = await exportImage(two, [{ type: 'oci', dest, tar: false }], rig.deps());
  expect(parseIndex(readFileSync(join(dest, 'index.json'))).manifests).toHaveLength(2);
  expect(openLayout(`${dest}:2`).resolve({ platform: two.platform }).manifestDigest).toBe(digest);
  expect(rig.files().filter((file) => file.includes('.tmp-'))).toEqual([]);
});

test('builds that add to one layout directory at the same time lose nothing of each other', async () => {
  const dest = join(rig.out, 'layout');
  const names = ['one', 'two', 'three', 'four'].map((name) => `docker.io/library/${name}:1`);
  const images = names.map((name) => rig.image([rig.ownLayer(tarOf(name))], [name]));
  await Promise.all(
    images.map((image, index) =>
      exportImage(image, [{ type: 'oci', dest, tar: false }], { ...rig.deps(), lease: `lease${index}` }),
    ),
  );
  const { manifests } = parseIndex(readFileSync(join(dest, 'index.json')));
  expect(manifests.map(({ annotations }) => annotations?.['io.containerd.image.name']).sort()).toEqual(names.sort());
  expect(readdirSync(dest).sort()).toEqual(['blobs', 'index.json', 'oci-layout']);
});

test('without an archive the image has a digest all the same, and nothing is compressed', async () => {
  const image = rig.image([rig.ownLayer(tarOf('x'))]);
  const { digest, configDigest } = await exportImage(
    image,
    [{ type: 'local', dest: join(rig.out, 'files') }],
    rig.deps(),
  );
  expect(readFileSync(join(rig.out, 'files/etc/passwd'), 'utf8')).toBe('root');
  expect(parseManifest(readFileSync(rig.deps().content.path(digest))).config.digest).toBe(configDigest);
  expect(rig.deps().content.has(digestOf(tarOf('x')))).toBe(false);
  expect(rig.tree.closed).toBe(true);
});

test('an output that cannot be written fails in words and leaves nothing', async () => {
  const image = rig.image([rig.ownLayer(tarOf('x'))]);
  mkdirSync(join(rig.out, 'dir'));
  writeFileSync(join(rig.out, 'file'), '');
  for (const [dest, words] of [
    [join(rig.out, 'dir'), /is a directory/],
    [join(rig.out, 'no/such/dir/x.tar'), /directory does not exist/],
    [join(rig.out, 'file/x.tar'), /not a directory/],
  ] as const) {
    const error = await exportImage(image, [{ type: 'oci', dest }], rig.deps()).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'output-failed', message: expect.stringMatching(words) as string });
  }
  expect(rig.files()).toEqual(['dir', 'file']);
});

test('an earlier archive stays whole when writing fails half-way or is cancelled', async () => {
  const dest = join(rig.out, 'app.tar');
  writeFileSync(dest, 'earlier');
  const layer = rig.ownLayer(tarOf('x'));
  const deps = rig.deps();
  const broken = {
    ...deps,
    content: {
      ...deps.content,
      path: () => {
        throw new Error('ENOENT');
      },
    },
  };
  await expect(exportImage(rig.image([layer]), [{ type: 'oci', dest }], broken)).rejects.toThrow(/ENOENT/);
  const stop = new AbortController();
  stop.abort(new Error('enough'));
  await expect(exportImage(rig.image([layer]), [{ type: 'oci', dest }], rig.deps(stop.signal))).rejects.toThrow(
    'enough',
  );
  expect([readFileSync(dest, 'utf8'), rig.files()]).toEqual(['earlier', ['app.tar']]);
});

test("a symlink's target is replaced, a pipe's or device's place is not", async () => {
  writeFileSync(join(rig.out, 'real.tar'), 'earlier');
  symlinkSync('real.tar', join(rig.out, 'link.tar'));
  const image = rig.image([rig.ownLayer(tarOf('x'))]);
  await exportImage(
    image,
    [
      { type: 'oci', dest: join(rig.out, 'link.tar') },
      { type: 'oci', dest: '/dev/null' },
    ],
    rig.deps(),
  );
  expect(rig.files()).toEqual(['link.tar', 'real.tar']);
  verifyArchive(join(rig.out, 'real.tar'));
  expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
});

test('an archive that is there unchanged is not written again; one that was touched is', async () => {
  const dest = join(rig.out, 'app.tar');
  const image = rig.image([rig.ownLayer(tarOf('x'))]);
  const inode = async (names: readonly string[]) => {
    const { outputs } = await exportImage({ ...image, names }, [{ type: 'oci', dest }], rig.deps());
    expect(outputs[0]?.size).toBe(statSync(dest).size);
    verifyArchive(dest);
    return statSync(dest).ino;
  };
  const first = await inode(image.names);
  expect(await inode(image.names)).toBe(first);
  const bytes = readFileSync(dest);
  writeFileSync(dest, Buffer.alloc(bytes.length));
  utimesSync(dest, 0, 0);
  expect(await inode(image.names)).not.toBe(first);
  const again = statSync(dest).ino;
  expect(await inode(['docker.io/library/renamed:1'])).not.toBe(again);
});

test('annotations go where they are said to', async () => {
  const dest = join(rig.out, 'layout');
  const annotations = { manifest: { a: '1' }, descriptor: { b: '2' } };
  const { digest } = await exportImage(rig.image([]), [{ type: 'oci', dest, tar: false, annotations }], rig.deps());
  expect(parseManifest(readFileSync(join(dest, 'blobs/sha256', hexOf(digest)))).annotations).toEqual({ a: '1' });
  expect(parseIndex(readFileSync(join(dest, 'index.json'))).manifests[0]?.annotations).toMatchObject({ b: '2' });
});
