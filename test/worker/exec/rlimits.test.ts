import { expect, test } from 'vitest';
import { rlimitsOf } from '../../../src/worker/exec/rlimits.ts';

const UNLIMITED = 0xffff_ffff_ffff_ffffn;
const limits = `Limit                     Soft Limit           Hard Limit           Units
Max cpu time              unlimited            unlimited            seconds
Max open files            1024                 20000                files
`;

test.each<[string, { name: string; soft: number; hard: number }, boolean, [bigint, bigint]]>([
  ['what fits is set as it is', { name: 'nofile', soft: 10, hard: 20 }, false, [10n, 20n]],
  ['what is too high is cut down', { name: 'nofile', soft: 30_000, hard: 40_000 }, false, [20_000n, 20_000n]],
  ['unlimited is all that there is', { name: 'nofile', soft: -1, hard: -1 }, false, [20_000n, 20_000n]],
  ['a root that may raise limits does', { name: 'nofile', soft: 30_000, hard: -1 }, true, [30_000n, UNLIMITED]],
  ['the host’s may be unlimited', { name: 'cpu', soft: 5, hard: -1 }, false, [5n, UNLIMITED]],
  ['soft is never more than hard', { name: 'cpu', soft: 9, hard: 5 }, false, [5n, 5n]],
  ['of what the host does not tell nothing is cut', { name: 'stack', soft: 1, hard: 2 }, false, [1n, 2n]],
])('%s', (_name, ulimit, canRaise, [soft, hard]) => {
  const type = `RLIMIT_${ulimit.name.toUpperCase()}`;
  expect(rlimitsOf([ulimit], { limits, canRaise })).toEqual([{ type, soft, hard }]);
});
