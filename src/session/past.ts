import { digestOf, type Memo } from '../../cache/index.ts';
import type { BuildOptions } from '../build-options.ts';

/** What earlier builds of a Dockerfile tell of the next one. */
export interface Past {
  /** Whether a RUN will hardly be cached: there is one, and this text was never built to its end here. A guess, made before it is parsed. */
  expectsRuns(options: Pick<BuildOptions, 'noCache' | 'failOnMiss'>): boolean;
  /** All steps of it are solved. */
  remember(): void;
}

const NAMESPACE = 'dockerfile';

/** @param place of the Dockerfile, as it names records */
export function pastOf(place: string, text: Uint8Array, memo: Memo): Past {
  const digest = digestOf(text);
  const isKnown = memo.get(NAMESPACE, place) === digest;
  return {
    expectsRuns: ({ noCache, failOnMiss }) =>
      failOnMiss === undefined && (!isKnown || noCache) && hasRun(Buffer.from(text).toString('latin1')),
    remember() {
      if (!isKnown) memo.put(NAMESPACE, place, digest);
    },
  };
}

function hasRun(text: string): boolean {
  return /^[ \t]*RUN[ \t]/im.test(text);
}
