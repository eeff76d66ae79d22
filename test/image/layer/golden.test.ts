import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { digestOf } from '../../../cache/index.ts';
import { type Spec, tempDir, writeLayer } from '../../rig/layers.ts';

const LONG = `${'d'.repeat(90)}/${'e'.repeat(200)}`;
const EVERYTHING: Spec = {
  '/': { mode: 0o755, mtimeSec: 1 },
  'a/': { opaque: true, uid: 7, gid: 8 },
  'a/b': 'hello',
  'a/empty': '',
  'a/gone': { whiteout: true },
  'a/same': { type: 'hardlink', link: 'a/b' },
  'bin/': { mode: 0o1777 },
  'bin/ping': {
    content: 'program',
    mode: 0o4755,
    xattrs: new Map([['security.capability', Buffer.from([1, 0, 0, 2, 0, 0x20, 0xff])]]),
  },
  'caf\xc3\xa9': { content: 'latin', mtimeNsec: 500_000_000 },
  'bad\xff': { content: 'bytes', mtimeSec: -1, mtimeNsec: 250_000_000 },
  [`${'d'.repeat(90)}/`]: {},
  [LONG]: 'long',
  [`${'d'.repeat(90)}/${'f'.repeat(99)}`]: 'prefixed',
  'dev/': {},
  'dev/null': { type: 'character', mode: 0o666, devMajor: 1, devMinor: 3 },
  'dev/loop': { type: 'block', mode: 0o660, gid: 6, devMajor: 7 },
  'dev/pipe': { type: 'fifo' },
  link: { type: 'symlink', mode: 0o777, link: 'x'.repeat(150) },
  owner: { content: 'far', uid: 3_000_000, gid: 70_000_000 },
  old: { content: 'old', mtimeSec: -86_400 },
  big: 'block of content\n'.repeat(40_000),
};

// What these bytes are named by lies in caches and registries: a change here needs new format versions.
test('a layer of everything is the same bytes for ever', () => {
  using dir = tempDir();
  const made = writeLayer(dir.path, EVERYTHING);
  expect(digestOf(readFileSync(made.tarPath))).toBe(made.diffID);
  expect({
    diffID: made.diffID,
    contentID: made.contentID,
    toc: digestOf(readFileSync(made.tocPath)),
    size: made.size,
    entryCount: made.entryCount,
  }).toMatchInlineSnapshot(`
    {
      "contentID": "sha256:92d0916ba4c1a248554072e65fce2cb85b8e3ee11e51c84bccdb9e09bea039b7",
      "diffID": "sha256:6f8d61ac9f436802c59ed3132e59f4c157c30785b7918e85d61f63524b938ffa",
      "entryCount": 21,
      "size": 704000,
      "toc": "sha256:997e573379b5e4c1367b337ff7345b6ef613d9fd1cbe7c79004dd028a09e46e9",
    }
  `);
});
