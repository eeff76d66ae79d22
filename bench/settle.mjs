import { setTimeout } from 'node:timers/promises';

const SETTLED_MS = 2500;

/** A file may be written once more within the same tick of its times: who goes by those reads a younger one again. Nobody's context is that young. */
export function settle() {
  return setTimeout(SETTLED_MS);
}
