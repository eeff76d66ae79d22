import { expect, test, vi } from 'vitest';
import { suspendable } from '../../src/cli/suspend.ts';

const STOP = 'SIGTSTP';

test('the terminal is given back before the program stops, each time, and nobody listens after the end', async () => {
  const calls: string[] = [];
  using _ = vi.spyOn(process, 'kill').mockImplementation((pid, signal) => {
    calls.push(`kill ${pid === process.pid ? 'itself' : pid} ${signal}, ${process.listenerCount(STOP)} listen`);
    return true;
  });
  const renderer = suspendable({
    handle: () => calls.push('handle'),
    pause: () => calls.push('pause'),
    end: () => calls.push('end'),
  });
  for (let i = 0; i < 2; i++) {
    process.emit(STOP);
    await new Promise((resolve) => setImmediate(resolve));
  }
  process.emit(STOP);
  renderer.end();
  await new Promise((resolve) => setImmediate(resolve));

  const once = ['pause', `kill itself ${STOP}, 0 listen`];
  expect(calls).toEqual([...once, ...once, ...once, 'end']);
  expect(process.listenerCount(STOP)).toBe(0);
});
