import { createRequire } from 'node:module';
import type V8 from 'node:v8';

let isSlow = false;

/**
 * From now on the heap grows by less than a third between collections. V8 lets it grow to a multiple of what lives in it, which is quicker,
 * and costs hundreds of megabytes once hundreds of thousands of files pass through it.
 */
export function growHeapSlowly(): void {
  if (isSlow) return;
  isSlow = true;
  // at once, and not with every start of the program: it takes as long as many a cached step
  const { setFlagsFromString } = createRequire(import.meta.url)('node:v8') as typeof V8;
  setFlagsFromString('--heap-growing-percent=30');
}
