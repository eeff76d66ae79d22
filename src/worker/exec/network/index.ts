import { hostNetwork } from './host.ts';
import { noNetwork } from './none.ts';

/** One way for a RUN to reach, or not to reach, the world. */
export interface Network {
  /** The RUN has a network namespace of its own; else the host's. */
  readonly isOwn: boolean;
}

/** `default` shares the host's network, too: there is no bridge yet. */
export function networkOf(mode: 'default' | 'none' | 'host'): Network {
  return mode === 'none' ? noNetwork : hostNetwork;
}
