import {
  familiarName,
  formatPlatform,
  normalisePlatform,
  normaliseReference,
  type Platform,
} from '../../image/oci/index.ts';
import { didYouMean } from '../../util/did-you-mean.ts';
import type { NamedContext } from '../options.ts';

/** --build-context by name; `debian`, `docker.io/library/debian` and `debian:latest` are one name. */
export interface NamedContexts {
  get(name: string, platform: Platform): FoundContext | undefined;
}

export interface FoundContext {
  /** As the command line spells it. */
  readonly key: string;
  readonly context: NamedContext;
}

export function makeNamedContexts(contexts: ReadonlyMap<string, NamedContext>): NamedContexts {
  const byName = new Map<string, FoundContext>();
  for (const [key, context] of contexts) {
    const [name = '', platform] = key.split('::');
    byName.set(contextName(name) + (platform === undefined ? '' : `::${platform}`), { key, context });
  }
  return {
    get(name, platform) {
      if (RESERVED.has(name.toLowerCase())) return undefined;
      const plain = contextName(name);
      return byName.get(`${plain}::${formatPlatform(normalisePlatform(platform))}`) ?? byName.get(plain);
    },
  };
}

/** Nobody chose among more by hand. */
const MAX_CANDIDATES = 1000;

/** didYouMean, with regard to case. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  return candidates.length > MAX_CANDIDATES ? undefined : didYouMean(word, candidates);
}

const RESERVED = new Set(['scratch', 'context']);

function contextName(name: string): string {
  const lower = name.toLowerCase();
  try {
    return familiarName(normaliseReference(lower)).replace(/:latest$/, '');
  } catch {
    return lower.replace(/:latest$/, '');
  }
}
