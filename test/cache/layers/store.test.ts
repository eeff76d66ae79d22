import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { contentIDOf, type DiffID, diffIDOf, digestOf, openLayerStore } from '../../../cache/index.ts';
import type { LayerStoreOptions } from '../../../cache/layers/store.ts';
import { surroundings, tempDir } from '../temp.ts';

const TAR = 'the tar';
const diffID = diffIDOf(digestOf(TAR));
const meta = { contentID: contentIDOf(diffID), size: TAR.length, blobs: {} };
const gzip = { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: digestOf('gz'), size: 5 };

function open(options: LayerStoreOptions = {}) {
  const dir = tempDir();
  const around = surroundings(dir);
  const reopen = (more: LayerStoreOptions = {}) => openLayerStore(dir, { ...around, ...options, ...more });
  return { ...around, dir, reopen, store: reopen() };
}

function files(tempPath: (purpose: string) => string, { tar = TAR, toc = 'the toc' } = {}) {
  const paths = { tar: tempPath('tar'), toc: tempPath('toc') };
  writeFileSync(paths.tar, tar);
  writeFileSync(paths.toc, toc);
  return paths;
}

test('publish moves tar and toc in; a second time it only drops the files', () => {
  const { store, tempPath, tmp } = open();
  assert.equal(store.has(diffID), false);
  assert.equal(store.meta(diffID), undefined);
  store.publish(diffID, files(tempPath), meta);
  assert.equal(store.has(diffID), true);
  assert.deepEqual(store.meta(diffID), meta);
  assert.equal(readFileSync(store.tarPath(diffID), 'utf8'), TAR);
  assert.equal(readFileSync(store.tocPath(diffID), 'utf8'), 'the toc');
  assert.equal(statSync(store.tarPath(diffID)).mode & 0o777, 0o444);
  const { ino } = statSync(store.tarPath(diffID));
  store.publish(diffID, files(tempPath), { ...meta, blobs: { gzip } });
  assert.equal(statSync(store.tarPath(diffID)).ino, ino);
  assert.deepEqual(store.meta(diffID)?.blobs, { gzip });
  assert.deepEqual(readdirSync(tmp), []);
});

test('blobs are recorded beside the layer, by compression', () => {
  const { store, reopen, tempPath } = open();
  store.recordBlob(diffID, 'gzip-6', gzip);
  assert.equal(store.meta(diffID), undefined);
  store.publish(diffID, files(tempPath), meta);
  store.recordBlob(diffID, 'gzip-6', gzip);
  store.recordBlob(diffID, 'zstd', { ...gzip, digest: digestOf('zst') });
  assert.deepEqual(reopen().meta(diffID)?.blobs, { 'gzip-6': gzip, zstd: { ...gzip, digest: digestOf('zst') } });
});

test.each<[string, (paths: { tar: string; toc: string; meta: string }) => void, boolean]>([
  ['the tar is gone', ({ tar }) => rmSync(tar), false],
  ['the toc is gone', ({ toc }) => rmSync(toc), false],
  ['the tar is cut', ({ tar }) => truncateSync(tar, 3), true],
  ['the meta is cut', ({ meta }) => truncateSync(meta, 20), true],
  ['the meta is empty', ({ meta }) => truncateSync(meta, 0), true],
  ['the meta is zeros', ({ meta }) => writeFileSync(meta, Buffer.alloc(100)), true],
])('a layer is not here when %s, and can be published again', (_, damage, isWarned) => {
  const { store, tempPath, warnings } = open();
  store.publish(diffID, files(tempPath), meta);
  damage({ tar: store.tarPath(diffID), toc: store.tocPath(diffID), meta: join(store.dir(diffID), 'meta') });
  assert.equal(store.has(diffID), false);
  assert.equal(store.meta(diffID), undefined);
  assert.equal(warnings.length > 0, isWarned);
  store.publish(diffID, files(tempPath), meta);
  assert.equal(store.has(diffID), true);
});

test('after another boot a layer is read once before it counts', () => {
  const { store, reopen, tempPath, warnings } = open({ boot: 'one' });
  store.publish(diffID, files(tempPath), meta);
  store.recordBlob(diffID, 'gzip-6', gzip);
  const next = reopen({ boot: 'two' });
  assert.deepEqual(next.meta(diffID), { ...meta, blobs: { 'gzip-6': gzip } });
  // Known to be on the disk now: not read again, so a store of a third boot cannot see this.
  writeFileSync(store.tocPath(diffID), 'the tic');
  assert.equal(reopen({ boot: 'three' }).has(diffID), true);
  assert.deepEqual(warnings, []);
});

test.each(['tar', 'toc'] as const)('after another boot a torn %s of the right size is found out', (which) => {
  const { store, reopen, tempPath, warnings } = open({ boot: 'one' });
  store.publish(diffID, files(tempPath), meta);
  const path = which === 'tar' ? store.tarPath(diffID) : store.tocPath(diffID);
  rmSync(path);
  writeFileSync(path, Buffer.alloc(7));
  assert.equal(reopen({ boot: 'two' }).has(diffID), false);
  assert.match(warnings.join(), /damaged/);
});

test('publishFs takes a directory by rename, once; the second stays with its maker', () => {
  const { store, tempPath } = open();
  const make = (content: string): string => {
    const dir = tempPath('fs');
    mkdirSync(dir);
    writeFileSync(join(dir, 'file'), content);
    return dir;
  };
  store.publishFs(diffID, make('one'));
  assert.equal(store.hasFs(diffID), true);
  const second = make('two');
  store.publishFs(diffID, second);
  assert.equal(readFileSync(join(store.fsPath(diffID), 'file'), 'utf8'), 'one');
  assert.equal(existsSync(second), true);
});

test('an unpacked directory of another boot does not count', () => {
  const { store, reopen, tempPath } = open({ boot: 'one' });
  const other = diffIDOf(digestOf('other'));
  const publish = (to: typeof store, id: DiffID): void => {
    const dir = tempPath('fs');
    mkdirSync(dir);
    to.publishFs(id, dir);
  };
  publish(store, diffID);
  assert.deepEqual([store.hasFs(diffID), store.hasFs(other)], [true, false]);
  const next = reopen({ boot: 'two' });
  assert.deepEqual([next.hasFs(diffID), next.hasFs(other)], [false, false]);
  publish(next, diffID);
  assert.equal(next.hasFs(diffID), true);
});

test('remove forgets all of a layer', () => {
  const { store, tempPath } = open();
  store.publish(diffID, files(tempPath), meta);
  store.remove(diffID);
  store.remove(diffID);
  assert.equal(store.has(diffID), false);
  assert.equal(existsSync(store.dir(diffID)), false);
});

test('a store without a root works on the same files', () => {
  const { store, dir, tempPath, tmp } = open();
  const worker = openLayerStore(dir);
  worker.publish(diffID, files(tempPath), meta);
  assert.deepEqual(store.meta(diffID), meta);
  assert.deepEqual(readdirSync(tmp), []);
});

test('a tar that is touched is hashed again, once; one that has changed is not here any more', () => {
  const { store, tempPath, warnings } = open();
  assert.equal(store.isTarIntact(diffID), false);
  store.publish(diffID, files(tempPath), meta);
  assert.equal(store.isTarIntact(diffID), true);
  const tar = store.tarPath(diffID);
  const stamp = join(store.dir(diffID), 'tar-checked');
  assert.equal(existsSync(stamp), false);
  touchUntilLater(tar, statSync(store.tocPath(diffID), { bigint: true }).ctimeNs);
  assert.equal(store.isTarIntact(diffID), true);
  const { mtimeNs } = statSync(stamp, { bigint: true });
  assert.equal(store.isTarIntact(diffID), true);
  assert.equal(statSync(stamp, { bigint: true }).mtimeNs, mtimeNs);
  writeFileSync(tar, TAR.toUpperCase());
  assert.equal(store.isTarIntact(diffID), false);
  assert.equal(store.has(diffID), false);
  assert.match(warnings.join(), /is damaged/);
});

/** The clock of a file system may stand still for some milliseconds. */
function touchUntilLater(path: string, ctimeNs: bigint): void {
  while (statSync(path, { bigint: true }).ctimeNs <= ctimeNs) chmodSync(path, 0o444);
}

test('a tar that was found intact is looked at again: touched by somebody, or gone with its meta or its toc', () => {
  for (const spoil of ['tar', 'meta', 'toc'] as const) {
    const { store, tempPath } = open();
    store.publish(diffID, files(tempPath), meta);
    assert.equal(store.isTarIntact(diffID), true);
    if (spoil === 'tar') {
      const { ctimeNs } = statSync(store.tocPath(diffID), { bigint: true });
      writeFileSync(store.tarPath(diffID), TAR.toUpperCase());
      touchUntilLater(store.tarPath(diffID), ctimeNs);
    } else rmSync(join(store.dir(diffID), spoil));
    assert.equal(store.isTarIntact(diffID), false, spoil);
  }
});

test('what another process found damaged is not intact here either', () => {
  const { store, tempPath, reopen } = open();
  store.publish(diffID, files(tempPath), meta);
  assert.equal(store.isTarIntact(diffID), true);
  reopen().reportDamage(diffID);
  assert.equal(store.isTarIntact(diffID), false);
  store.publish(diffID, files(tempPath), meta);
  assert.equal(store.isTarIntact(diffID), true);
});
