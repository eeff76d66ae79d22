import { expect, test } from 'vitest';
import type { DiffID } from '../../../cache/index.ts';
import { LayersAhead } from '../../../src/worker/server/layers-ahead.ts';
import type { Workspace } from '../../../src/worker/server/workspace.ts';

const [BASE, APP] = ['sha256:base', 'sha256:app'] as unknown as [DiffID, DiffID];

/** A workspace whose layers take until they are told to end, or aborted. */
function rig() {
  const said: string[] = [];
  const ends: (() => void)[] = [];
  const makeAhead = (diffID: DiffID, { signal }: { signal: AbortSignal }): Promise<void> => {
    said.push(`begins ${diffID}`);
    return new Promise((done, failed) => {
      ends.push(done);
      signal.throwIfAborted();
      signal.addEventListener('abort', () => failed(new Error('aborted')));
    });
  };
  return { said, ends, workspace: { snapshots: () => ({ makeAhead }) } as unknown as Workspace };
}

test('one layer is made after the other', async () => {
  const { said, ends, workspace } = rig();
  await using ahead = new LayersAhead();
  const [first, second] = [ahead.make(BASE, workspace), ahead.make(APP, workspace)];
  expect(said).toEqual([`begins ${BASE}`]);
  ends[0]?.();
  await first;
  expect(said).toEqual([`begins ${BASE}`, `begins ${APP}`]);
  ends[1]?.();
  await second;
});

test('the end aborts what is under way, and what waits; nobody hears of it', async () => {
  const { said, workspace } = rig();
  const ahead = new LayersAhead();
  const jobs = Promise.all([ahead.make(BASE, workspace), ahead.make(APP, workspace)]);
  await ahead[Symbol.asyncDispose]();
  await jobs;
  expect(said).toEqual([`begins ${BASE}`, `begins ${APP}`]);
});

test('a root that no layer can be mounted on is told by the RUN', async () => {
  await using ahead = new LayersAhead();
  const refusing = {
    snapshots() {
      throw new Error('no overlay here');
    },
  };
  await ahead.make(BASE, refusing as unknown as Workspace);
});
