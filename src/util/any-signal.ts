import { setMaxListeners } from 'node:events';

/**
 * Aborts with the first of the signals. However many wait on it, Node does not take it for a leak and warn on the user's terminal: a build
 * has as many waits on its signal as it has layers, files and steps under way.
 */
export function anySignal(signals: readonly AbortSignal[]): AbortSignal {
  const signal = AbortSignal.any([...signals]);
  setMaxListeners(0, signal);
  return signal;
}
