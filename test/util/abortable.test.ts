import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { abortable } from '../../src/util/abortable.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

async function* items(count: number, seen: WeakRef<object>[]): AsyncGenerator<object> {
  for (let index = 0; index < count; index += 1) {
    const item = { index };
    seen.push(new WeakRef(item));
    yield await Promise.resolve(item);
  }
}

describe('abortable', () => {
  test('gives the items of its source', async () => {
    const given: unknown[] = [];
    for await (const item of abortable(items(3, []), new AbortController().signal)) given.push(item);
    expect(given).toEqual([{ index: 0 }, { index: 1 }, { index: 2 }]);
  });

  test('holds on to none that was given', async () => {
    const seen: WeakRef<object>[] = [];
    const iterator = abortable(items(50, seen), new AbortController().signal);
    for (let index = 0; index < 40; index += 1) await iterator.next();
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
    const held = seen.filter((item) => item.deref() !== undefined).length;
    expect(held).toBeLessThan(5);
    await iterator.return(undefined);
  });

  test('an abort ends a wait that the source knows nothing of', async () => {
    const controller = new AbortController();
    const silent: AsyncIterable<never> = {
      [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => undefined) }),
    };
    const next = abortable(silent, controller.signal).next();
    controller.abort(new Error('enough'));
    await expect(next).rejects.toThrow('enough');
  });

  test('an error of the source is its own', async () => {
    async function* broken(): AsyncGenerator<number> {
      yield await Promise.resolve(1);
      throw new Error('broken');
    }
    const iterator = abortable(broken(), new AbortController().signal);
    expect(await iterator.next()).toEqual({ done: false, value: 1 });
    await expect(iterator.next()).rejects.toThrow('broken');
  });
});
