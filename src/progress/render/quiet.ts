import type { Renderer } from './renderer.ts';

/** Nothing: the result goes to stdout, errors are the CLI's. */
export function makeQuietRenderer(): Renderer {
  return { handle: () => undefined, end: () => undefined };
}
