import { createReadStream, existsSync } from 'node:fs';
import type { BlobRef, LayerRef, Root } from '../../cache/index.ts';
import { BuildError } from '../errors.ts';
import type { Emit } from '../progress/index.ts';
import { type FetchOptions, openLayout, type Registry } from '../sources/registry/index.ts';

export interface BlobFetcherDeps {
  readonly root: Root;
  readonly registry: Registry;
  readonly emit: Emit;
  readonly clock: { readonly elapsedMs: () => number };
}

const LAYOUT = 'oci-layout://';

/**
 * Brings a layer's blob from where it is said to be into the content store; undefined when it is nowhere any more. `through` is called
 * anew for each place that is tried.
 */
export type FetchBlob = (
  ref: LayerRef,
  options: Pick<FetchOptions, 'signal' | 'through' | 'onVerified'>,
) => Promise<BlobRef | undefined>;

export function makeBlobFetcher(deps: BlobFetcherDeps): FetchBlob {
  return async (ref, options) => {
    const { blob } = ref;
    if (blob === undefined) return undefined;
    let last: BuildError | undefined;
    for (const origin of ref.origins) {
      try {
        if (await fetchFrom(origin.repository, blob, { ...deps, ...options })) return blob;
      } catch (error) {
        if (!(error instanceof BuildError)) throw error;
        // The registry answers, and has it no more.
        if (error.code !== 'image-not-found') last = error;
      }
    }
    if (last !== undefined) throw last;
    return undefined;
  };
}

/** False when the layout that it came from has it no more. @throws BuildError image-not-found when that is so of a registry */
async function fetchFrom(
  repository: string,
  blob: BlobRef,
  { root, registry, emit, clock, ...options }: BlobFetcherDeps & Parameters<FetchBlob>[1],
): Promise<boolean> {
  const { signal, onVerified, through = (bytes: AsyncIterable<Uint8Array>) => bytes } = options;
  if (repository.startsWith(LAYOUT)) {
    const path = openLayout(repository.slice(LAYOUT.length)).blobPath(blob.digest);
    if (!existsSync(path)) return false;
    const expected = { digest: blob.digest, size: blob.size };
    await root.content.put(through(createReadStream(path)), { expected, onVerified, signal });
    return true;
  }
  const id = `pull ${blob.digest}`;
  emit({
    type: 'activity-started',
    id,
    name: `pulling ${repository}@${blob.digest.slice(0, 19)}`,
    atMs: clock.elapsedMs(),
  });
  try {
    await registry.fetchBlob(
      { repository, digest: blob.digest, size: blob.size },
      {
        ...options,
        onProgress: (done) =>
          emit({ type: 'activity-progress', id, item: blob.digest, done, total: blob.size, atMs: clock.elapsedMs() }),
      },
    );
    emit({ type: 'activity-done', id, atMs: clock.elapsedMs() });
    return true;
  } catch (error) {
    emit({
      type: 'activity-done',
      id,
      atMs: clock.elapsedMs(),
      error: error instanceof Error ? error.message : String(error),
    });
    throw error;
  }
}
