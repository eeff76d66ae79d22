import { BuildError } from '../../errors.ts';
import { familiarName, formatPlatform, normaliseReference, type Platform } from '../../image/oci/index.ts';
import { anySignal } from '../../util/any-signal.ts';
import type { ImageResolver, ResolvedImage } from '../resolver.ts';
import { type NamedContexts, nearest } from './names.ts';
import type { External } from './stages.ts';

/** What stands behind a name that is no stage's. */
export type Resolved =
  | { readonly kind: 'scratch' }
  | { readonly kind: 'directory'; readonly context: string }
  | {
      readonly kind: 'image';
      readonly image: ResolvedImage;
      readonly platform: Platform;
      /** A --build-context stands for the name. */
      readonly isContext: boolean;
    };

export interface Externals {
  /** @throws BuildError reference-invalid, located, for a name that could be no image's, whatever it stands for. */
  assertNames(externals: Iterable<External>): void;
  /** Starts what is not known yet, all at once; the first failure stops the rest. */
  resolve(externals: readonly External[], options: { readonly signal: AbortSignal }): Promise<void>;
  /** Only of what was resolved. */
  get(external: External): Resolved;
}

export interface ExternalDeps {
  readonly contexts: NamedContexts;
  readonly resolver: ImageResolver;
  /** Names of stages, for suggestions. */
  readonly stageNames: readonly string[];
}

export function makeExternals(deps: ExternalDeps): Externals {
  const known = new Map<string, Resolved>();
  const names = new Set<string>();
  return {
    assertNames(externals) {
      for (const external of externals) {
        if (names.has(external.name)) continue;
        try {
          normaliseReference(external.name);
          names.add(external.name);
        } catch (error) {
          throw explained(error, external, deps);
        }
      }
    },
    async resolve(externals, { signal }) {
      const wanted = new Map(externals.filter((each) => !known.has(keyOf(each))).map((each) => [keyOf(each), each]));
      const failed = new AbortController();
      const limited = anySignal([signal, failed.signal]);
      try {
        await Promise.all(
          Array.from(wanted, async ([key, external]) => known.set(key, await resolveOne(external, deps, limited))),
        );
      } catch (error) {
        failed.abort();
        throw error;
      }
    },
    get(external) {
      const found = known.get(keyOf(external));
      if (found === undefined) throw new Error(`${external.name} was not resolved`);
      return found;
    },
  };
}

function keyOf({ name, platform }: External): string {
  return `${formatPlatform(platform)} ${name}`;
}

async function resolveOne(external: External, deps: ExternalDeps, signal: AbortSignal): Promise<Resolved> {
  const { name, platform } = external;
  if (name === 'scratch') return { kind: 'scratch' };
  try {
    const found = deps.contexts.get(name, platform);
    if (found?.context.kind === 'directory') return { kind: 'directory', context: found.key };
    const wanted = found?.context.kind === 'image' ? found.context.name : name;
    if (wanted === 'docker-image://scratch') return { kind: 'scratch' };
    const image = await deps.resolver.resolve(wanted, { platform, signal });
    return { kind: 'image', image, platform, isContext: found !== undefined };
  } catch (error) {
    throw explained(error, external, deps);
  }
}

function explained(error: unknown, external: External, { stageNames }: ExternalDeps): unknown {
  if (!(error instanceof BuildError)) return error;
  return withSuggestion(error, external, stageNames).at(external.range).within(external.instruction);
}

const COMMON = ['alpine', 'busybox', 'centos', 'debian', 'golang', 'ubuntu', 'fedora', 'node'];
const MISSING: readonly string[] = ['image-not-found', 'reference-invalid', 'registry-denied', 'registry-unreachable'];

/** A tag that does not exist makes no name wrong: only what stands before it is compared. */
function nearestCommon(name: string): string | undefined {
  const repository = name.replace(/[:@].*$/, '');
  const meant = nearest(repository, COMMON);
  return meant === undefined ? undefined : `${meant}${name.slice(repository.length)}`;
}

/** A name that nobody knows may be a stage's, misspelt. What makes it no image's name, the error itself knows best. */
function withSuggestion(
  error: BuildError,
  { name, range, hint: wanted }: External,
  stages: readonly string[],
): BuildError {
  if (!MISSING.includes(error.code)) return error;
  const familiar = familiarName(name);
  const stage = nearest(familiar, stages);
  const isStage = stage !== undefined && stage !== name;
  const common = error.code === 'reference-invalid' ? undefined : nearestCommon(familiar);
  const meant = isStage ? `the stage ${stage}` : common;
  if (meant === undefined && wanted === undefined) return error;
  const hint = wanted ?? `did you mean ${meant}?`;
  const message = isStage ? `no stage is named ${name}: ${error.message}` : error.message;
  return new BuildError(error.code, message, {
    range: error.range ?? range,
    hint,
    cause: error,
    others: error.others,
  });
}
