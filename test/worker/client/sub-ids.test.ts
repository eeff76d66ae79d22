import { expect, test } from 'vitest';
import { startProblem, workerLost } from '../../../src/worker/client/problems.ts';
import { idMapArguments, ownIdMap, parseSubIds } from '../../../src/worker/client/sub-ids.ts';

test('ranges are found by name and by id; what is malformed is no range', () => {
  const text = 'other:1:2\nme:100000:65536\n1000:300000:10\nme:x:5\nme:7\nme:5:0\n\n';
  const ranges = parseSubIds(text, { name: 'me', id: 1000 });
  expect(ranges).toEqual([
    { start: 100_000, count: 65_536 },
    { start: 300_000, count: 10 },
  ]);
  expect(idMapArguments(1000, ranges)).toEqual(['0', '1000', '1', '1', '100000', '65536', '65537', '300000', '10']);
});

test('the ids of a root are those that it has, but not so many that it would look like no user namespace', () => {
  expect(ownIdMap('         0          0 4294967295\n')).toBe('0 0 2147483647\n');
  expect(ownIdMap('0 1000 1\n1 100000 65536\n')).toBe('0 0 1\n1 1 65536\n');
});

const closed = { message: 'switched off', hint: 'open it', isCertain: false };

test.each([
  ['unshare: unshare failed: Operation not permitted', true, undefined, 'user namespaces are refused'],
  ['unshare: unshare failed: No space left on device', true, closed, 'switched off'],
  ['unshare: unshare failed: Operation not permitted', false, undefined, 'namespaces are refused'],
  ['unshare: cannot change root filesystem propagation: Permission denied', true, closed, 'switched off'],
  ['unshare: mount /proc failed: Operation not permitted', true, undefined, '/proc cannot be mounted'],
  ['newuidmap: write to uid_map failed: Operation not permitted', true, closed, 'your sub-ids cannot be used'],
])('%j, below a user namespace %s, where %o: %s', (said, isBelowUser, obstacle, message) => {
  const problem = startProblem(said, { isBelowUser, obstacle });
  expect(problem).toMatchObject({ code: 'sandbox-unavailable', hint: expect.anything() as string });
  expect(problem.message).toContain(message);
  expect(problem.message).toContain(said);
});

test('a worker that says something else is not explained by a switch', () => {
  const problem = startProblem('SyntaxError', { isBelowUser: true, obstacle: closed });
  expect(problem).toMatchObject({ code: 'sandbox-unavailable', message: 'the worker did not start: SyntaxError' });
});

test('a worker that is lost says how it ended', () => {
  expect(workerLost('last words\n', null, 'SIGKILL').message).toBe(
    'the worker ended unexpectedly (signal SIGKILL): last words',
  );
  expect(workerLost('', 7, null).message).toBe('the worker ended unexpectedly (exit code 7)');
});
