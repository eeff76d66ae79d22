import { setPriority } from 'node:os';
import type { MessagePort } from 'node:worker_threads';
import { type EarlyWork, Lookout } from './early-chunks-lookout.ts';

export type EarlyOrder =
  | { readonly type: 'begin'; readonly id: number; readonly work: EarlyWork }
  | { readonly type: 'end'; readonly id: number };

const LOWEST_PRIORITY = 19;

/** The thread's main function: does what it is told until the process ends. */
export function deflateEarly(port: MessagePort): void {
  // Each of Linux's threads has a priority of its own.
  setPriority(LOWEST_PRIORITY);
  const ends = new Map<number, AbortController>();
  port.on('message', (order: EarlyOrder) => {
    if (order.type === 'end') {
      ends.get(order.id)?.abort();
      ends.delete(order.id);
      return;
    }
    const end = new AbortController();
    ends.set(order.id, end);
    void lookOver(order.work, end.signal);
  });
}

async function lookOver(work: EarlyWork, signal: AbortSignal): Promise<void> {
  try {
    await new Lookout(work, signal).run();
  } catch {
    // It was ended, the disk is full, or the build is over: nobody wants to know.
  }
}
