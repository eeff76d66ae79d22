import type { Filter } from '../image/archive/index.ts';

/** A decompressor that is no part of Node, loaded with what it needs when the first archive asks for it. */
export const filter: Filter = async function* filter(argv, source, options) {
  const { filterProcess } = await import('../host/process/index.ts');
  yield* filterProcess(argv, source, options);
};
