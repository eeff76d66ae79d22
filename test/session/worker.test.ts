import { expect, test } from 'vitest';
import type { DiffID } from '../../cache/index.ts';
import type { BuildEvent } from '../../src/progress/index.ts';
import { makeWorkerHolder, type WorkerDeps } from '../../src/session/worker.ts';
import type { Worker } from '../../src/worker/client/index.ts';
import type { RunReply, RunRequest } from '../../src/worker/protocol.ts';

const request = { id: 'r' } as RunRequest;
const options = { signal: new AbortController().signal, onOutput: () => undefined };
const reply: RunReply = { outcome: 'exited', exitCode: 0 };

function holder(leftovers: readonly string[], failure?: Error) {
  const said: string[] = [];
  const worker = {
    run: () => Promise.resolve(reply),
    retire: (ids: readonly string[]) => Promise.resolve(void said.push(`retires ${ids.join(' ')}`)),
    [Symbol.asyncDispose]: () => Promise.resolve(void said.push('ended')),
  } as unknown as Worker;
  const start = () => {
    said.push('started');
    return failure === undefined ? Promise.resolve(worker) : Promise.reject(failure);
  };
  return { said, holder: makeWorkerHolder({ start, leftovers, emit: () => undefined }) };
}

test('a build without a RUN starts no worker, but for what a killed one left', async () => {
  const none = holder([]);
  await none.holder[Symbol.asyncDispose]();
  expect(none.said).toEqual([]);
  const some = holder(['tmp/x']);
  await some.holder[Symbol.asyncDispose]();
  expect(some.said).toEqual(['started', 'ended']);
});

test('there is one worker, with leftovers and without', async () => {
  const { said, holder: held } = holder(['tmp/x']);
  held.start();
  expect(await held.run(request, options)).toBe(reply);
  await held.run(request, options);
  await held[Symbol.asyncDispose]();
  expect(said).toEqual(['started', 'ended']);
});

test('caches are retired once, before the first RUN', async () => {
  const { said, holder: held } = holder([]);
  held.retire(['npm', 'go']);
  expect(said).toEqual([]);
  await Promise.all([held.run(request, options), held.run(request, options)]);
  held.dismiss();
  await held.run(request, options);
  await held[Symbol.asyncDispose]();
  expect(said.filter((one) => one.startsWith('retires'))).toEqual(['retires npm go']);
});

test('a layer is prepared by a worker that is there; none is started for it, and no failure of it is told', async () => {
  const said: string[] = [];
  const worker = {
    run: () => Promise.resolve(reply),
    makeAhead: (diffID: DiffID) => Promise.reject(new Error(`of ${said.push(diffID)}`)),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const start = () => Promise.resolve(worker as unknown as Worker);
  const held = makeWorkerHolder({ start, leftovers: [], emit: () => undefined });
  held.makeAhead('sha256:a' as unknown as DiffID);
  held.start();
  held.makeAhead('sha256:b' as unknown as DiffID);
  await held.run(request, options);
  await held[Symbol.asyncDispose]();
  expect(said).toEqual(['sha256:b']);
});

test('a worker that cannot start fails the run and nothing else', async () => {
  const { holder: held } = holder(['tmp/x'], new Error('no namespaces'));
  held.start();
  await expect(held.run(request, options)).rejects.toThrow('no namespaces');
  await held[Symbol.asyncDispose]();
});

test('a worker that is dismissed ends meanwhile, and the end of all waits for it; a RUN that comes later has another', async () => {
  const said: string[] = [];
  let letEnd: () => void = () => undefined;
  const mayEnd = new Promise<void>((resolve) => {
    letEnd = resolve;
  });
  const start = () => {
    const name = `worker ${said.push('started')}`;
    const worker = {
      run: () => Promise.resolve(reply),
      [Symbol.asyncDispose]: () => mayEnd.then(() => void said.push(`${name} ended`)),
    };
    return Promise.resolve(worker as unknown as Worker);
  };
  const held = makeWorkerHolder({ start, leftovers: ['tmp/x'], emit: () => undefined });
  held.dismiss();
  expect(said).toEqual([]);
  await held.run(request, options);
  held.dismiss();
  held.dismiss();
  await held.run(request, options);
  expect(said).toEqual(['started', 'started']);
  const end = held[Symbol.asyncDispose]();
  letEnd();
  await end;
  expect(said).toEqual(['started', 'started', 'worker 1 ended', 'worker 2 ended']);
});

/** A worker that has a warning to tell, and starts until it is let. */
function startingAhead() {
  const told: BuildEvent[] = [];
  const workers: { isAborted: boolean }[] = [];
  let letStart: () => void = () => undefined;
  const start: WorkerDeps['start'] = async ({ emit, signal }) => {
    const one = { isAborted: false };
    workers.push(one);
    emit({ type: 'warning', message: 'one id' });
    signal.addEventListener('abort', () => {
      one.isAborted = true;
      letStart();
    });
    await new Promise<void>((resolve) => {
      letStart = resolve;
    });
    signal.throwIfAborted();
    return { run: () => Promise.resolve(reply), [Symbol.asyncDispose]: () => Promise.resolve() } as unknown as Worker;
  };
  return { told, workers, start, emit: (event: BuildEvent) => void told.push(event), letStart: () => letStart() };
}

test('of a worker that was started ahead nothing is told until a RUN comes, which has that one', async () => {
  const { told, workers, start, emit, letStart } = startingAhead();
  const held = makeWorkerHolder({ start, emit, leftovers: [] });
  held.startAhead();
  expect(told).toEqual([]);
  held.start();
  expect(told).toEqual([{ type: 'warning', message: 'one id' }]);
  letStart();
  expect(await held.run(request, options)).toBe(reply);
  await held[Symbol.asyncDispose]();
  expect(workers).toEqual([{ isAborted: false }]);
});

test('a worker that was started ahead for nothing does not come to its start, and nothing was told of it', async () => {
  const { told, workers, start, emit } = startingAhead();
  const held = makeWorkerHolder({ start, emit, leftovers: [] });
  held.startAhead();
  held.dismiss();
  await held[Symbol.asyncDispose]();
  expect([workers, told]).toEqual([[{ isAborted: true }], []]);
});

test('with leftovers to remove it comes to its start, and is told of', async () => {
  const { told, workers, start, emit, letStart } = startingAhead();
  const held = makeWorkerHolder({ start, emit, leftovers: ['tmp/x'] });
  held.startAhead();
  held.dismiss();
  letStart();
  await held[Symbol.asyncDispose]();
  expect([workers.length, told.length, workers[0]?.isAborted]).toEqual([1, 1, false]);
});
