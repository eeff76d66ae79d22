import { expect, test } from 'vitest';
import { makeBreather } from '../../src/util/breathe.ts';

/** Longer than a slice of work. */
function work(): void {
  for (const until = performance.now() + 20; performance.now() < until; );
}

test('it waits once in a slice of work, and lets others run', async () => {
  const breathe = makeBreather(new AbortController().signal);
  expect(breathe()).toBeUndefined();
  work();
  const heard: string[] = [];
  setImmediate(() => heard.push('others'));
  await breathe();
  expect(heard).toEqual(['others']);
  expect(breathe()).toBeUndefined();
});

test('an abort is thrown where it waits', async () => {
  const controller = new AbortController();
  const breathe = makeBreather(controller.signal);
  work();
  controller.abort(new Error('enough'));
  await expect(breathe()).rejects.toThrow('enough');
});
