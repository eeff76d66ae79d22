import { createRequire } from 'node:module';
import type V8 from 'node:v8';

let isSlow = false;

/**
 * From now on the heap grows by less than a third between collections, and the space of new objects stays as it is. V8 lets them grow to a
 * multiple of what lives in them, which is hardly quicker, and costs hundreds of megabytes once hundreds of thousands of files, or 50 once a
 * thousand steps, pass through it.
 */
export function growHeapSlowly(): void {
  if (isSlow) return;
  isSlow = true;
  // at once, and not with every start of the program: it takes as long as many a cached step
  const { setFlagsFromString } = createRequire(import.meta.filename)('node:v8') as typeof V8;
  setFlagsFromString('--heap-growing-percent=30');
  setFlagsFromString('--semi-space-growth-factor=1');
}
