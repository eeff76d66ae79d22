import { expect, test } from 'vitest';
import { startProblem, workerLost } from '../../../src/worker/client/problems.ts';
import { idMapArguments, parseSubIds } from '../../../src/worker/client/sub-ids.ts';

test('ranges are found by name and by id; what is malformed is no range', () => {
  const text = 'other:1:2\nme:100000:65536\n1000:300000:10\nme:x:5\nme:7\nme:5:0\n\n';
  const ranges = parseSubIds(text, { name: 'me', id: 1000 });
  expect(ranges).toEqual([
    { start: 100_000, count: 65_536 },
    { start: 300_000, count: 10 },
  ]);
  expect(idMapArguments(1000, ranges)).toEqual(['0', '1000', '1', '1', '100000', '65536', '65537', '300000', '10']);
});

test.each([
  ['unshare: unshare failed: Operation not permitted', false, 'userns-refused'],
  ['unshare: unshare failed: No space left on device', false, 'userns-refused'],
  ['unshare: unshare failed: Operation not permitted', true, 'sandbox-unavailable'],
  ['unshare: mount /proc failed: Operation not permitted', false, 'sandbox-unavailable'],
  ['newuidmap: write to uid_map failed: Operation not permitted', false, 'userns-refused'],
  ['', true, 'sandbox-unavailable'],
])('%j as root %s is %s, with a hint', (said, isRoot, code) => {
  const problem = startProblem(said, isRoot);
  expect(problem.code).toBe(code);
  if (said !== '') expect(problem.hint).not.toBeUndefined();
});

test('a worker that is lost says how it ended', () => {
  expect(workerLost('last words\n', null, 'SIGKILL').message).toBe(
    'the worker ended unexpectedly (signal SIGKILL): last words',
  );
  expect(workerLost('', 7, null).message).toBe('the worker ended unexpectedly (exit code 7)');
});
