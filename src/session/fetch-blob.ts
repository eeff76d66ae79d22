import { createReadStream } from 'node:fs';
import type { BlobRef, LayerRef, Root } from '../../cache/index.ts';
import { BuildError } from '../errors.ts';
import type { Emit } from '../progress/index.ts';
import { openLayout, type Registry } from '../sources/registry/index.ts';

export interface BlobFetcherDeps {
  readonly root: Root;
  readonly registry: Registry;
  readonly emit: Emit;
  readonly clock: { readonly elapsedMs: () => number };
}

const LAYOUT = 'oci-layout://';

/** Brings a layer's blob from where it is said to be into the content store; undefined when it is nowhere any more. */
export function makeBlobFetcher(
  deps: BlobFetcherDeps,
): (ref: LayerRef, options: { signal: AbortSignal }) => Promise<BlobRef | undefined> {
  return async (ref, { signal }) => {
    const { blob } = ref;
    if (blob === undefined) return undefined;
    let last: BuildError | undefined;
    for (const origin of ref.origins) {
      try {
        await fetchFrom(origin.repository, blob, { ...deps, signal });
        return blob;
      } catch (error) {
        if (!(error instanceof BuildError)) throw error;
        last = error;
      }
    }
    if (last !== undefined) throw last;
    return undefined;
  };
}

async function fetchFrom(
  repository: string,
  blob: BlobRef,
  { root, registry, emit, clock, signal }: BlobFetcherDeps & { signal: AbortSignal },
): Promise<void> {
  if (repository.startsWith(LAYOUT)) {
    const path = openLayout(repository.slice(LAYOUT.length)).blobPath(blob.digest);
    await root.content.put(createReadStream(path), { expected: { digest: blob.digest, size: blob.size }, signal });
    return;
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
        signal,
        onProgress: (done) =>
          emit({ type: 'activity-progress', id, item: blob.digest, done, total: blob.size, atMs: clock.elapsedMs() }),
      },
    );
    emit({ type: 'activity-done', id, atMs: clock.elapsedMs() });
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
