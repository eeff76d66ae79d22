import assert from 'node:assert/strict';
import { closeSync, lstatSync, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'vitest';
import {
  flock,
  lgetxattr,
  llistxattr,
  lsetxattr,
  makedev,
  mknod,
  mount,
  nameOpenFile,
  SysError,
  setMtime,
  umount,
} from '../../../src/host/sys/index.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sys-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function failure(action: () => unknown): SysError {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof SysError, String(error));
    return error;
  }
  return assert.fail('did not throw');
}

test('flock excludes another open of the same file, until it is given back', () => {
  const file = join(dir, 'lock');
  const one = openSync(file, 'a');
  const other = openSync(file, 'a');
  assert.equal(flock(one, 'shared', { nonBlocking: true }), true);
  assert.equal(flock(other, 'shared', { nonBlocking: true }), true);
  assert.equal(flock(other, 'exclusive', { nonBlocking: true }), false);
  flock(one, 'unlock');
  assert.equal(flock(other, 'exclusive', { nonBlocking: true }), true);
  closeSync(one);
  closeSync(other);
});

test('a failed call throws the name of its errno', () => {
  const bad = failure(() => flock(-1, 'shared'));
  assert.deepEqual([bad.code, bad.syscall, bad.errno], ['EBADF', 'flock', 9]);
  const missing = failure(() => lgetxattr(join(dir, 'none'), 'user.a'));
  assert.equal(missing.code, 'ENOENT');
  assert.match(missing.message, /none/);
  assert.equal(failure(() => umount(join(dir, 'none'))).code, 'ENOENT');
  assert.equal(failure(() => mount('none', join(dir, 'none'), 'tmpfs', 0, 'size=1m')).syscall, 'mount');
});

test('a path with a NUL inside is refused, not cut', () => {
  writeFileSync(join(dir, 'a'), '');
  assert.equal(failure(() => setMtime(`${join(dir, 'a')}\0b`, 0, 0)).code, 'EINVAL');
});

test('xattrs are bytes: name and value', () => {
  const file = Buffer.from(`${dir}/\xff name`, 'latin1');
  writeFileSync(file, '');
  assert.equal(lgetxattr(file, 'user.none'), undefined);
  const value = Uint8Array.of(0, 255, 128, 0);
  const large = new Uint8Array(3000).fill(7);
  lsetxattr(file, 'user.\xe9', value);
  lsetxattr(file, 'user.large', large);
  lsetxattr(file, 'user.empty', new Uint8Array(0));
  assert.deepEqual(
    llistxattr(file).filter((name) => name.startsWith('user.')),
    ['user.empty', 'user.large', 'user.\xe9'],
  );
  assert.deepEqual([...(lgetxattr(file, 'user.\xe9') ?? [])], [...value]);
  assert.deepEqual([...(lgetxattr(file, 'user.large') ?? [])], [...large]);
  assert.equal(lgetxattr(file, 'user.empty')?.length, 0);
});

test('more names than fit the first guess are all listed', () => {
  const file = join(dir, 'many');
  writeFileSync(file, '');
  const names = Array.from({ length: 40 }, (_, i) => `user.name-${String(i).padStart(3, '0')}`);
  for (const name of names) lsetxattr(file, name, Uint8Array.of(1));
  assert.deepEqual(
    llistxattr(file).filter((name) => name.startsWith('user.')),
    names,
  );
});

test('a file system without xattrs has none', () => {
  assert.deepEqual(llistxattr('/proc/self/status'), []);
  assert.equal(lgetxattr('/proc/self/status', 'user.a'), undefined);
});

test('setMtime sets a symlink itself, with nanoseconds, before 1970 too', () => {
  const link = join(dir, 'link');
  symlinkSync('nowhere', link);
  setMtime(link, 1_000_000_000, 123_456_789);
  const stat = lstatSync(link, { bigint: true });
  assert.equal(stat.mtimeNs, 1_000_000_000_123_456_789n);
  assert.equal(stat.atimeNs, 1_000_000_000_123_456_789n);
  setMtime(link, -1, 500_000_000);
  assert.equal(lstatSync(link, { bigint: true }).mtimeNs, -500_000_000n);
});

test('mknod makes a fifo', () => {
  mknod(join(dir, 'fifo'), 'fifo', 0o600);
  const stat = lstatSync(join(dir, 'fifo'));
  assert.ok(stat.isFIFO());
  assert.equal(stat.mode & 0o777, 0o600);
});

test('an open file gets another name, and takes nobody’s', () => {
  writeFileSync(join(dir, 'old'), 'text');
  writeFileSync(join(dir, 'taken'), '');
  const fd = openSync(join(dir, 'old'), 'r');
  assert.equal(nameOpenFile(fd, join(dir, 'new')), true);
  assert.equal(lstatSync(join(dir, 'new')).ino, lstatSync(join(dir, 'old')).ino);
  assert.equal(nameOpenFile(fd, join(dir, 'taken')), false);
  assert.equal(lstatSync(join(dir, 'taken')).size, 0);
  const nowhere = failure(() => nameOpenFile(fd, join(dir, 'none/new')));
  assert.deepEqual([nowhere.code, nowhere.syscall], ['ENOENT', 'linkat']);
  closeSync(fd);
});

test('device numbers are encoded as the C library does', () => {
  assert.equal(makedev(0, 0), 0n);
  assert.equal(makedev(1, 3), 0x103n);
  assert.equal(makedev(0xfff, 0xff), 0xfffffn);
  assert.equal(makedev(0x1234, 0x56789), 0x0000100056723489n);
  assert.equal(makedev(0xffffffff, 0xffffffff), 0xffffffffffffffffn);
});
