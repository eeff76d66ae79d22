import { BuildError } from '../../errors.ts';
import {
  familiarName,
  formatPlatform,
  normalisePlatform,
  normaliseReference,
  type Platform,
} from '../../image/oci/index.ts';
import { didYouMean } from '../../util/did-you-mean.ts';
import type { NamedContext } from '../options.ts';
import { RESERVED_NAMES } from '../reserved-names.ts';

/** --build-context by name, which is matched as it is written; `debian`, `docker.io/library/debian` and `debian:latest` are one name. */
export interface NamedContexts {
  get(name: string, platform: Platform): FoundContext | undefined;
}

export interface FoundContext {
  /** As the command line spells it. */
  readonly key: string;
  readonly context: NamedContext;
}

/** @throws BuildError reference-invalid for a name that no FROM can have */
export function makeNamedContexts(contexts: ReadonlyMap<string, NamedContext>): NamedContexts {
  const byName = new Map<string, FoundContext>();
  for (const [key, context] of contexts) {
    const [name = '', platform] = key.split('::');
    byName.set(givenName(name) + (platform === undefined ? '' : `::${platform}`), { key, context });
  }
  return {
    get(name, platform) {
      if (RESERVED_NAMES.has(name.toLowerCase())) return undefined;
      const plain = contextName(name);
      if (plain === undefined) return undefined;
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

/** undefined for what cannot name an image, and thus no context: upper case, for one. */
function contextName(name: string): string | undefined {
  try {
    return nameOf(name);
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    return undefined;
  }
}

/** @throws BuildError reference-invalid */
function nameOf(name: string): string {
  return familiarName(normaliseReference(name)).replace(/:latest$/, '');
}

/** Of --build-context. @throws BuildError reference-invalid */
function givenName(name: string): string {
  try {
    return nameOf(name);
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    const { code, hint, message } = error;
    throw new BuildError(code, `invalid context name ${JSON.stringify(name)}: ${message}`, { hint, cause: error });
  }
}
