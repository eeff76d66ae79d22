import { expect, test } from 'vitest';
import { resolveUser } from '../../../src/worker/exec/index.ts';

const PASSWD = `root:x:0:0:root:/root:/bin/sh
app:x:1234:2345:application user:/home/app:/bin/sh
worker:x:1500:3456::/home/worker:/bin/sh
broken
words:x:none:9::/:
huge:x:4294967294:1::/:
twin:x:7:1::/:
twin:x:8:2::/:
42:x:900:901::/:
`;
const GROUP = `root:x:0:
web:x:33:app
app:x:2345:app
data:x:3456:app,web
extra:x:4567: app
#hidden:x:5:app
words:x:none:worker,root
nonsense
`;
const files = { passwd: () => PASSWD, group: () => GROUP };
const none = { passwd: () => undefined, group: () => undefined };

test.each([
  ['', 0, 0, []],
  ['root', 0, 0, []],
  ['broken', 0, 0, []],
  ['words', 0, 9, []],
  ['app', 1234, 2345, [33, 3456]],
  ['1234', 1234, 2345, [33, 3456]],
  ['app:data', 1234, 3456, []],
  ['app:99', 1234, 99, []],
  [':data', 0, 3456, []],
  ['worker', 1500, 3456, [0]],
  ['app:words', 1234, 0, []],
  ['9999', 9999, 0, []],
  ['9999:8888', 9999, 8888, []],
  ['9999:data', 9999, 3456, []],
  ['twin', 7, 1, []],
  ['42', 42, 0, []],
  ['+42', 42, 0, []],
  ['root:web', 0, 33, []],
])('USER %j is %i:%i with %j', (text, uid, gid, additionalGids) => {
  expect(resolveUser(text, files)).toEqual({ uid, gid, additionalGids });
});

test('no USER has no groups but its own; 0 has those of the first line that is no other uid, be it a comment', () => {
  const group = () => 'tty:x:5:root\n';
  const root = 'root:x:0:0::/root:/bin/sh\n';
  expect(resolveUser('', { passwd: () => root, group }).additionalGids).toEqual([]);
  expect(resolveUser('0', { passwd: () => root, group }).additionalGids).toEqual([5]);
  expect(resolveUser('0', { passwd: () => `# users\n${root}`, group }).additionalGids).toEqual([]);
  expect(resolveUser('root', { passwd: () => `# users\n${root}`, group }).additionalGids).toEqual([5]);
});

test('numbers need no files; names do', () => {
  const unread = () => {
    throw new Error('read');
  };
  expect(resolveUser('5:6', { passwd: unread, group: unread })).toEqual({ uid: 5, gid: 6, additionalGids: [] });
  for (const [text, uid, gid] of [
    ['root:root', 0, 0],
    ['0:root', 0, 0],
    ['root:7', 0, 7],
    ['3000000000:0', 3_000_000_000, 0],
    ['0:4294967295', 0, 4_294_967_295],
    ['00000000000005:6', 5, 6],
  ] as const) {
    expect(resolveUser(text, { passwd: unread, group: unread })).toEqual({ uid, gid, additionalGids: [] });
  }
  expect(resolveUser('', none)).toEqual({ uid: 0, gid: 0, additionalGids: [] });
  expect(resolveUser('77', none)).toEqual({ uid: 77, gid: 0, additionalGids: [] });
});

test.each([
  ['ghost', 'ghost'],
  ['huge', 'huge'],
  ['app:ghosts', 'ghosts'],
  ['99999999999', '99999999999'],
  ['-1', '-1'],
  ['4294967295', 'go from 0 to 2147483647'],
  ['0:4294967296', 'go from 0 to 2147483647'],
  ['app:3000000000', 'go from 0 to 2147483647'],
  ['root:ghosts', 'ghosts'],
])('USER %j is unknown', (text, name) => {
  expect(() => resolveUser(text, files)).toThrow(
    expect.objectContaining({ code: 'run-user-unknown', message: expect.stringContaining(name) }),
  );
});
