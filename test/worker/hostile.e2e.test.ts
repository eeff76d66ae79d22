import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type DiffID, openLayerStore } from '../../cache/index.ts';
import { lgetxattr } from '../../src/host/sys/index.ts';
import { makeTarWriter, type TarEntry } from '../../src/image/archive/index.ts';
import { ingestLayer } from '../../src/image/layer/index.ts';
import type { RelPath } from '../../src/util/rel-path.ts';
import { dir, file, layerOf, link, WorkerRig } from './rig.ts';

type Raw = Partial<TarEntry> & { readonly content?: string };

const PLAIN: TarEntry = {
  ...{ path: '' as RelPath, type: 'file', mode: 0o644, uid: 0, gid: 0, size: 0, mtimeSec: 1_500_000_000, mtimeNsec: 0 },
  ...{ link: '', devMajor: 0, devMinor: 0, xattrs: new Map() },
};

/** A layer as a stranger's registry gives it: any entries, in any order. */
async function foreignLayer(rig: WorkerRig, entries: readonly Raw[]): Promise<DiffID> {
  const chunks: Buffer[] = [];
  const tar = makeTarWriter((chunk) => void chunks.push(Buffer.from(chunk)));
  for (const { content = '', ...entry } of entries) {
    const whole = { ...PLAIN, ...entry, size: entry.type === undefined || entry.type === 'file' ? content.length : 0 };
    tar.entry(whole);
    if (whole.size > 0) tar.content(Buffer.from(content));
  }
  tar.end();
  async function* blob() {
    yield Buffer.concat(chunks);
  }
  const files = { tarPath: join(rig.root, 'tmp', 'f.tar'), tocPath: join(rig.root, 'tmp', 'f.toc') };
  const { diffID, contentID, size } = await ingestLayer(blob(), {
    compression: 'none',
    ...files,
    signal: new AbortController().signal,
  });
  openLayerStore(rig.root).publish(diffID, { tar: files.tarPath, toc: files.tocPath }, { contentID, size, blobs: {} });
  return diffID;
}

test('a layer cannot write through a symlink, neither its own nor one below', async () => {
  await using rig = await WorkerRig.setup();
  const outside = join(rig.dir, 'outside');
  mkdirSync(outside);
  const base = rig.busybox();
  const own = await foreignLayer(rig, [
    { path: 'way' as RelPath, type: 'symlink', link: outside },
    { path: 'way/in' as RelPath, content: 'evil' },
    { path: 'ok' as RelPath, content: 'fine' },
  ]);
  // followed inside the rootfs, as engines do
  const first = await rig.run([base, own], 'cat /ok; readlink /way; cat /way/in');
  expect(first.stdout).toBe(`fine${outside}\nevil`);
  const lower = rig.layer([link('door', outside)]);
  const through = await foreignLayer(rig, [{ path: 'door/in' as RelPath, content: 'evil' }]);
  expect((await rig.run([base, lower, through], 'cat /door/in; test -L /door || echo directory')).stdout).toBe(
    'evildirectory\n',
  );
  expect(readdirSync(outside)).toEqual([]);
});

test('a hard link leads nowhere but to files of the stack', async () => {
  await using rig = await WorkerRig.setup();
  const secret = join(rig.dir, 'secret');
  writeFileSync(secret, 'secret');
  const base = rig.busybox();
  const lower = rig.layer([file('lower', 'from below', { mode: 0o640, uid: 5 }), link('leap', secret)]);
  const links = await foreignLayer(rig, [
    { path: 'a' as RelPath, type: 'hardlink', link: 'lower' },
    { path: 'b' as RelPath, type: 'hardlink', link: 'lower' },
    { path: 'c' as RelPath, type: 'hardlink', link: 'leap' },
    { path: 'd' as RelPath, type: 'hardlink', link: secret.slice(1) },
    { path: 'z' as RelPath, type: 'hardlink', link: 'later' },
    { path: 'later' as RelPath, content: 'later' },
  ]);
  const ran = await rig.run(
    [base, lower, links],
    'cat /a /b /z; stat -c "%h %u %a" /a; readlink /c; test -e /d || echo no d',
  );
  expect(ran).toMatchObject({ stdout: `from belowfrom belowlater2 5 640\n${secret}\nno d\n`, stderr: '' });
});

test('overlayfs obeys no attribute and no device of a layer', async () => {
  await using rig = await WorkerRig.setup();
  const base = rig.busybox();
  const lower = rig.layer([dir('d'), file('d/f', 'f')]);
  const names = ['trusted.overlay.redirect', 'trusted.overlay.opaque', 'user.overlay.opaque', 'user.overlay.redirect'];
  const xattrs = new Map(names.map((name) => [name, Buffer.from(name.endsWith('redirect') ? '/etc' : 'y')]));
  const evil = await foreignLayer(rig, [
    { path: 'd' as RelPath, type: 'directory', mode: 0o755, xattrs },
    { path: 'gone' as RelPath, type: 'character', devMajor: 0, devMinor: 0 },
  ]);
  const ran = await rig.run([base, lower, evil], 'ls /d; test -e /gone || echo nothing');
  expect(ran.stdout).toBe('f\nnothing\n');
});

test('a foreign layer’s missing parents look as they do below it, on each base', async () => {
  await using rig = await WorkerRig.setup();
  const base = rig.busybox();
  const one = rig.layer([dir('p', { mode: 0o710, uid: 3, mtimeSec: 1_000_000_000 })]);
  const two = rig.layer([dir('p', { mode: 0o700, uid: 4 })]);
  const open = await foreignLayer(rig, [{ path: 'p/q/f' as RelPath, content: 'f' }]);
  const look = 'stat -c "%a %u" /p /p/q; cat /p/q/f';
  expect((await rig.run([base, one, open], look)).stdout).toBe('710 3\n755 0\nf');
  expect((await rig.run([base, two, open], look)).stdout).toBe('700 4\n755 0\nf');
  expect((await rig.run([base, open], look)).stdout).toBe('755 0\n755 0\nf');
  expect(existsSync(openLayerStore(rig.root).fsPath(open))).toBe(false);
});

test('removals and opaque directories of a foreign layer hide what is below', async () => {
  await using rig = await WorkerRig.setup();
  const base = rig.busybox();
  const lower = rig.layer([dir('d'), file('d/old', 'old'), dir('e'), file('e/gone', 'x'), file('e/kept', 'k')]);
  const upper = await foreignLayer(rig, [
    { path: 'd' as RelPath, type: 'directory', mode: 0o755 },
    { path: 'd/.wh..wh..opq' as RelPath },
    { path: 'd/new' as RelPath, content: 'new' },
    { path: 'e/.wh.gone' as RelPath },
  ]);
  expect((await rig.run([base, lower, upper], 'ls /d /e')).stdout).toBe('/d:\nnew\n\n/e:\nkept\n');
});

test('a RUN cannot leave a file that means a removal', async () => {
  await using rig = await WorkerRig.setup();
  await expect(rig.run([rig.busybox()], 'touch /.wh.bin')).rejects.toMatchObject({ code: 'layer-refused' });
});

test('symlinks of a stack lead mounts, the working directory and user files nowhere outside', async () => {
  await using rig = await WorkerRig.setup();
  const outside = join(rig.dir, 'outside');
  mkdirSync(outside);
  writeFileSync(join(outside, 'passwd'), 'ghost:x:1:1::/:\n');
  const base = rig.busybox();
  const evil = rig.layer([
    dir('etc'),
    link('etc/passwd', join(outside, 'passwd')),
    link('work', outside),
    link('run', `../../../..${outside}`),
  ]);
  const target = `${outside}/deep`;
  const process = { argv: ['/bin/sh', '-c', 'pwd; ls -d /run/t'], env: ['PATH=/bin'], cwd: '/work/dir', user: '' };
  const ran = await rig.run([base, evil], '', {
    process,
    mounts: [
      { type: 'tmpfs', target: '/run/t' },
      { type: 'tmpfs', target },
    ],
  });
  expect(ran.stdout).toBe(`${outside}/dir\n/run/t\n`);
  expect(readdirSync(outside)).toEqual(['passwd']);
  await expect(rig.run([base, evil], '', { process: { ...process, user: 'ghost' } })).rejects.toMatchObject({
    code: 'run-user-unknown',
  });
});

test('the directory of a RUN’s layer is its upper, and equals its toc', async () => {
  await using rig = await WorkerRig.setup();
  const base = rig.busybox();
  const lower = rig.layer([dir('d'), file('d/f', 'f')]);
  const ran = await rig.run(
    [base, lower],
    'rm -r /d && mkdir -p /d/new /fresh && echo x > /fresh/x && mkfifo /p && (nc -l -U /sock & sleep 0.1; true) 2>/dev/null',
  );
  const fs = openLayerStore(rig.root).fsPath(layerOf(ran));
  expect(rig.paths(ran)).toEqual(['d/ opaque', 'd/new/', 'fresh/', 'fresh/x', 'p']);
  expect(readdirSync(fs).sort()).toEqual(['d', 'fresh', 'p']);
  const opaque = (path: string) => Buffer.from(lgetxattr(join(fs, path), 'trusted.overlay.opaque') ?? []).toString();
  expect(opaque('d')).toBe('y');
  expect(opaque('fresh')).not.toBe('y');
  expect(lstatSync(join(fs, 'p')).isFIFO()).toBe(true);
  expect(readFileSync(join(fs, 'fresh/x'), 'utf8')).toBe('x\n');
});
