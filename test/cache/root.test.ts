import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { digestOf, openRoot, RootError, statKey } from '../../cache/index.ts';
import { openQuickSignature } from '../../src/host/fs/index.ts';
import { fileLocks } from '../../src/host/sys/index.ts';
import { nowMs } from '../../src/util/clock.ts';
import { materialNamed, recordOf, tempDir } from './temp.ts';

const quickSignature = await openQuickSignature();

function opener() {
  const dir = join(tempDir(), 'deep', 'root');
  const warnings: string[] = [];
  const open = (path = dir) =>
    openRoot(path, {
      locks: fileLocks,
      now: nowMs,
      quickSignature,
      onWarning: (message) => void warnings.push(message),
    });
  return { dir, warnings, open };
}

test('makes the directory, closed to others, and gives its lease back', async () => {
  const { dir, open, warnings } = opener();
  {
    await using root = await open();
    assert.equal(root.dir, dir);
    assert.equal(statSync(dir).mode & 0o777, 0o700);
    for (const path of [root.mountsDir, root.logsDir, root.imagesDir, root.runDir])
      assert.ok(statSync(path).isDirectory());
    assert.deepEqual(readdirSync(join(dir, 'leases')), [`tsbuild-${root.lease}`]);
    const temp = root.tempPath('layer.tar');
    assert.ok(temp.startsWith(join(dir, 'tmp', `tsbuild-${root.lease}`)));
    assert.notEqual(temp, root.tempPath('layer.tar'));
    mkdirSync(temp);
    writeFileSync(join(temp, 'file'), '');
  }
  assert.deepEqual(readdirSync(join(dir, 'leases')), []);
  assert.deepEqual(readdirSync(join(dir, 'tmp')), []);
  assert.deepEqual(warnings, []);
});

test('temp files of a holder that died are removed, those of one that lives are not', async () => {
  const { dir, open } = opener();
  await using living = await open();
  writeFileSync(living.tempPath('mine'), '');
  const tmp = join(dir, 'tmp');
  writeFileSync(join(dir, 'leases', 'tsbuild-dead'), '');
  mkdirSync(join(tmp, 'tsbuild-dead-1-upper', 'work'), { recursive: true });
  writeFileSync(join(tmp, 'tsbuild-beef-1-no-lease-at-all'), '');
  writeFileSync(join(tmp, 'fresh-of-somebody'), '');
  writeFileSync(join(tmp, 'old-of-somebody'), '');
  utimesSync(join(tmp, 'old-of-somebody'), 1, 1);
  await using root = await open();
  assert.deepEqual(root.abandonedLeases, ['dead']);
  assert.deepEqual(root.leftovers, []);
  assert.deepEqual(readdirSync(tmp).sort(), ['fresh-of-somebody', `tsbuild-${living.lease}-1-mine`]);
  assert.deepEqual(
    readdirSync(join(dir, 'leases')).sort(),
    [`tsbuild-${living.lease}`, `tsbuild-${root.lease}`].sort(),
  );
});

test('two handles see each other’s results', async () => {
  const { open } = opener();
  await using one = await open();
  await using two = await open();
  const material = materialNamed('a');
  const key = one.records.keyOf(material);
  one.records.put(recordOf(material, key));
  assert.equal(two.records.lookup(key).length, 1);
  const digest = one.content.putBytes(Buffer.from('blob'));
  assert.equal(two.content.readBytes(digest, { maxBytes: 10 })?.toString(), 'blob');
  one.memo.put('n', 'k', 'v');
  assert.equal(two.memo.get('n', 'k'), 'v');
});

test('stat indexes are kept by name, one object each, and saved at the end', async () => {
  const { dir, open } = opener();
  const stat = statKey({ dev: 1n, ino: 2n, size: 3n, mtimeNs: 4n, ctimeNs: 5n, mode: 6n });
  for (const name of ['context', '../../../escape']) {
    {
      await using root = await open();
      assert.equal(root.stat(name), root.stat(name));
      root.stat(name).put(stat, digestOf(name), 10n ** 18n);
    }
    await using root = await open();
    assert.equal(root.stat(name).get(stat), digestOf(name));
  }
  assert.equal(readdirSync(join(dir, 'stat')).length, 2);
});

test('a directory that was open is closed, if it is ours or empty', async () => {
  const { dir, open } = opener();
  mkdirSync(dir, { recursive: true });
  chmodSync(dir, 0o777);
  await (await open())[Symbol.asyncDispose]();
  assert.equal(statSync(dir).mode & 0o777, 0o700);
  chmodSync(dir, 0o755);
  await (await open())[Symbol.asyncDispose]();
  assert.equal(statSync(dir).mode & 0o777, 0o700);
});

async function refusal(promise: Promise<AsyncDisposable>): Promise<RootError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof RootError, String(error));
  return error;
}

test('what cannot be a root is refused with a sentence and a reason', async () => {
  const { open } = opener();
  const dir = tempDir();
  writeFileSync(join(dir, 'file'), '');
  assert.equal((await refusal(open(join(dir, 'file')))).reason, 'not-a-directory');
  assert.equal((await refusal(open(join(dir, 'file', 'below')))).reason, 'not-a-directory');
  chmodSync(dir, 0o755);
  const notOurs = await refusal(open(dir));
  assert.equal(notOurs.reason, 'not-private');
  assert.match(notOurs.message, /state directory .* is open to other users/);
  assert.deepEqual(readdirSync(dir), ['file']);
  assert.equal((await refusal(open('/proc/none'))).dir, '/proc/none');
  assert.equal(existsSync('/proc/none'), false);
});

test('a file system that cannot lock is said to be one', async () => {
  const { dir } = opener();
  const tryLock = (): never => {
    throw Object.assign(new Error('no locks'), { code: 'ENOLCK' });
  };
  const locks = { ...fileLocks, tryLock };
  const error = await refusal(openRoot(dir, { locks, now: nowMs, quickSignature, onWarning: () => undefined }));
  assert.equal(error.reason, 'no-locks');
});
