import { describe, expect, test } from 'vitest';
import { stackOf } from '../../src/solver/index.ts';
import { datedBy, image, layerOf, run, scratch, solverRig } from '../rig/solver-rig.ts';

describe('scheduling', () => {
  test('steps that do not depend on each other run at the same time', async () => {
    const rig = solverRig();
    rig.state.auto = false;
    const base = scratch();
    const [left, right] = [run('left', [base]), run('right', [base], { index: 3 })];
    const solving = rig.solve([base, left, right, run('join', [left, right], { index: 4 })]);
    const first = await rig.nextRun('left');
    const second = await rig.nextRun('right');
    second.done();
    first.done();
    (await rig.nextRun('join')).done();
    await solving;
    expect(rig.ran).toEqual(['left', 'right', 'join']);
  });

  test('--jobs bounds how many steps run at the same time', async () => {
    const rig = solverRig();
    rig.state.auto = false;
    const base = scratch();
    const steps = ['a', 'b', 'c'].map((name, index) => run(name, [base], { index }));
    const solving = rig.solve([base, ...steps], { jobs: 1 });
    (await rig.nextRun('a')).done();
    const second = await rig.nextRun('b');
    expect(rig.ran).toEqual(['a', 'b']);
    second.done();
    (await rig.nextRun('c')).done();
    await solving;
  });

  test('the same work written twice runs once and is reported twice', async () => {
    const rig = solverRig();
    const base = scratch();
    await rig.solve([base, run('same', [base]), run('same', [base], { index: 3 })]);
    expect(rig.ran).toEqual(['same']);
    expect(rig.of('step-hit')).toHaveLength(1);
  });

  test('a stack is the input stack and the layer on top', async () => {
    const rig = solverRig();
    const base = image('base', 'm', [layerOf('base')]);
    const step = run('x', [base]);
    const solution = await rig.solve([base, step]);
    expect(stackOf(solution.of(step).result).map((layer) => layer.diffID)).toEqual([
      layerOf('base').diffID,
      layerOf('x').diffID,
    ]);
    expect(() => solution.of(run('other', [base]))).toThrow('was not part of this solve');
  });
});

describe('failure and cancelling', () => {
  test('the first failure stops the rest and is the one that is thrown', async () => {
    const rig = solverRig();
    rig.state.auto = false;
    const base = scratch();
    const [bad, slow] = [run('bad', [base]), run('slow', [base], { index: 3 })];
    const solving = rig.solve([base, bad, slow, run('after', [bad, slow], { index: 4 })]);
    const outcome = expect(solving).rejects.toThrow('broken');
    const slowRun = await rig.nextRun('slow');
    (await rig.nextRun('bad')).fail(new Error('broken'));
    await outcome;
    expect(slowRun.signal.aborted).toBe(true);
    expect(rig.of('step-failed')).toMatchObject([{ id: 's2', message: 'broken', logFile: '/logs/bad' }]);
    expect(rig.of('step-cancelled').map((event) => event.id)).toEqual(['s3']);
    expect(rig.records.all).toEqual([]);
  });

  test('an abort is reported as cancelled, never as a failure', async () => {
    const rig = solverRig();
    rig.state.auto = false;
    const base = scratch();
    const controller = new AbortController();
    const solving = rig.solve([base, run('slow', [base])], { signal: controller.signal });
    const outcome = expect(solving).rejects.toMatchObject({ code: 'cancelled', exitCode: 130 });
    await rig.nextRun('slow');
    controller.abort(new Error('SIGINT'));
    await outcome;
    expect(rig.of('step-failed')).toEqual([]);
  });
});

describe('the cache', () => {
  test('a second solve runs nothing and keeps the time of the first', async () => {
    const rig = solverRig();
    const base = scratch();
    const step = run('x', [base]);
    const first = await rig.solve([base, step]);
    const second = await rig.solve([base, step]);
    expect(rig.ran).toEqual(['x']);
    expect(rig.of('step-done').find((event) => event.logFile !== undefined)?.logFile).toBe('/logs/x');
    expect(second.of(step).createdAt).toBe(first.of(step).createdAt);
    expect(rig.of('step-hit').map((event) => event.reason.code)).toContain('same');
  });

  test('--no-cache runs a step that has a record, and says so', async () => {
    const rig = solverRig();
    const base = scratch();
    await rig.solve([base, run('x', [base])]);
    await rig.solve([base, run('x', [base], { ignoreCache: true })]);
    expect(rig.ran).toEqual(['x', 'x']);
    expect(rig.of('step-missed').at(-1)?.reason.code).toBe('no-cache');
  });

  test('what --no-cache made is what later builds find, the last of several', async () => {
    const rig = solverRig();
    const base = scratch();
    const step = run('apt-get update', [base]);
    await rig.solve([base, step]);
    for (const content of ['packages of May', 'packages of June']) {
      rig.state.contents.set('apt-get update', content);
      await rig.solve([base, run('apt-get update', [base], { ignoreCache: true })]);
    }
    const later = await rig.solve([base, step]);
    expect(rig.of('step-hit').at(-1)?.reason.code).toBe('same');
    expect(stackOf(later.of(step).result)).toEqual([layerOf('packages of June')]);
  });

  test('a refreshed result that is lost gives way to the one before it', async () => {
    const rig = solverRig();
    const base = scratch();
    const step = run('x', [base]);
    await rig.solve([base, step]);
    rig.state.contents.set('x', 'new');
    await rig.solve([base, run('x', [base], { ignoreCache: true })]);
    const later = await rig.solve([base, step], { lost: new Map([[layerOf('new').diffID, 'pruned' as const]]) });
    expect(stackOf(later.of(step).result)).toEqual([layerOf('x')]);
  });

  test('a step that ran again with the same result keeps the earlier layer: what stands on it hits', async () => {
    const rig = solverRig();
    rig.state.contents.set('edited', 'x');
    const base = scratch();
    const before = run('x', [base]);
    await rig.solve([base, before, run('top', [before], { index: 3 })]);
    const after = run('edited', [base]);
    await rig.solve([base, after, run('top', [after], { index: 3 })]);
    expect(rig.ran).toEqual(['x', 'top', 'edited']);
    expect(rig.of('step-done').at(-1)?.earlyCutOff).toBe(true);
  });

  test('a step of another epoch has the layer that is dated by it; what stands on it hits', async () => {
    const rig = solverRig();
    const base = scratch();
    for (const epoch of [1, 2]) {
      const dated = run('x', [base], { epoch });
      const solution = await rig.solve([base, dated, run('top', [dated], { index: 3 })]);
      expect(stackOf(solution.of(dated).result)).toEqual([datedBy(epoch, layerOf('x'))]);
    }
    expect(rig.ran).toEqual(['x', 'top', 'x']);
    expect(rig.of('step-hit').at(-1)?.reason.code).toBe('early-cut-off');
  });

  test('a record of a lost layer is no hit; the reason is what became of it', async () => {
    const rig = solverRig();
    const base = scratch();
    const step = run('x', [base]);
    await rig.solve([base, step]);
    await rig.solve([base, step], { lost: new Map([[layerOf('x').diffID, 'pruned' as const]]) });
    expect(rig.ran).toEqual(['x', 'x']);
    expect(rig.of('step-missed').at(-1)?.reason.code).toBe('pruned');
  });
});

describe('why a step missed', () => {
  async function reasonOf(before: (base: ReturnType<typeof scratch>) => ReturnType<typeof run>, after: typeof before) {
    const rig = solverRig();
    const base = scratch();
    await rig.solve([base, before(base)]);
    await rig.solve([base, after(base)]);
    return rig.of('step-missed').at(-1)?.reason;
  }

  test('never built', async () => {
    const rig = solverRig();
    const base = scratch();
    await rig.solve([base, run('x', [base])]);
    expect(rig.of('step-missed')[0]?.reason).toMatchObject({ code: 'no-record', message: 'never built' });
  });

  test('an edited command', async () => {
    const reason = await reasonOf(
      (base) => run('npm ci', [base]),
      (base) => run('npm ci --omit=dev', [base]),
    );
    expect(reason).toMatchObject({
      code: 'instruction-changed',
      message: 'instruction edited: npm ci → npm ci --omit=dev',
    });
  });

  test('a changed ENV', async () => {
    const reason = await reasonOf(
      (base) => run('x', [base], { env: ['A=1'] }),
      (base) => run('x', [base], { env: ['A=2'] }),
    );
    expect(reason).toMatchObject({ code: 'env-changed', changes: [{ name: 'A', what: '1 → 2' }] });
  });

  test('a changed build arg', async () => {
    const reason = await reasonOf(
      (base) => run('x', [base], { env: ['VERSION=1.2'], buildArgs: { VERSION: '1.2' } }),
      (base) => run('x', [base], { env: ['VERSION=1.3'], buildArgs: { VERSION: '1.3' } }),
    );
    expect(reason).toMatchObject({ code: 'build-arg-changed', message: 'build-arg VERSION 1.2 → 1.3' });
  });

  test('a step before it', async () => {
    const rig = solverRig();
    const base = scratch();
    for (const command of ['one', 'two']) {
      const below = run(command, [base]);
      await rig.solve([base, below, run('top', [below], { index: 3 })]);
    }
    expect(rig.of('step-missed').at(-1)?.reason).toMatchObject({
      code: 'parent-changed',
      message: '[stage-0 2/9] changed before it',
    });
  });

  test('a base that moved, and then what stands on it', async () => {
    const rig = solverRig();
    for (const manifest of ['old', 'new']) {
      const base = image('docker.io/library/node:20', manifest, [layerOf(manifest)]);
      await rig.solve([base, run('top', [base])]);
    }
    const reasons = rig
      .of('step-missed')
      .slice(-2)
      .map((event) => event.reason.code);
    expect(reasons).toEqual(['base-changed', 'parent-changed']);
  });
});

test('a first build is never explained by its own steps', async () => {
  const rig = solverRig();
  const base = scratch();
  const below = run('one', [base]);
  await rig.solve([base, below, run('two', [below])]);
  expect(rig.of('step-missed').map((event) => event.reason.code)).toEqual(['no-record', 'no-record']);
});

describe('steps that must not miss', () => {
  test('nothing of one that misses runs; the error has the cause', async () => {
    const rig = solverRig();
    const base = scratch();
    await rig.solve([base, run('npm ci', [base])]);
    const edited = run('npm ci --omit=dev', [base]);
    await expect(rig.solve([base, edited], { failsOnMiss: new Set(['s2']) })).rejects.toMatchObject({
      code: 'would-miss',
      message: '[stage-0 2/9] RUN npm ci --omit=dev would miss: instruction edited: npm ci → npm ci --omit=dev',
      hint: 'tsbuild explain s2 tells everything that changed; without --fail-on-miss the step runs',
    });
    expect(rig.ran).toEqual(['npm ci']);
    expect(rig.of('step-failed')).toMatchObject([{ id: 's2', refused: true }]);
  });

  test('one that hits passes, and so do those that may miss', async () => {
    const rig = solverRig();
    const base = scratch();
    const below = run('one', [base]);
    await rig.solve([base, below]);
    await rig.solve([base, below, run('two', [below])], { failsOnMiss: new Set(['s2']) });
    expect(rig.ran).toEqual(['one', 'two']);
  });
});
