import { createReadStream } from 'node:fs';
import type { BlobRef, LayerRef } from '../../cache/index.ts';
import { BuildError } from '../errors.ts';
import { familiarName, MEDIA } from '../image/oci/index.ts';
import type { PushBlob } from '../sources/registry/index.ts';
import type { ArchiveParts } from './archive.ts';
import type { ExportDeps } from './deps.ts';
import { namesIn } from './image-files.ts';

/**
 * Pushes an image under all of its names. Layers that came from a registry are fetched only when the target lacks them.
 * @throws BuildError usage without a name, registry-*
 */
export async function pushOutput(
  { image, files, spec }: ArchiveParts,
  deps: ExportDeps,
): Promise<{ dest: string; size: number }> {
  const names = namesIn(image, spec);
  if (names.length === 0) {
    throw new BuildError('usage', 'an image without a name cannot be pushed', {
      hint: 'name it with -t registry.example/app:1.0, or with name= in the output',
    });
  }
  const { bytes, digest } = files.config;
  const config: PushBlob = { digest, size: bytes.length, open: (from, end) => piece(bytes, from, end) };
  const layers = image.layers.map((ref, index) => layerBlob(ref, files.blobs[index], deps));
  await deps.push(
    {
      names,
      byDigest: spec.pushByDigest,
      insecure: spec.insecure,
      manifest: files.manifest.bytes,
      mediaType: spec.ociMediaTypes === false ? MEDIA.dockerManifest : MEDIA.ociManifest,
      blobs: [config, ...layers],
    },
    { signal: deps.signal, onProgress: (done, total) => deps.onProgress?.('push', done, total) },
  );
  const size = files.blobs.reduce((sum, blob) => sum + blob.size, bytes.length);
  return { dest: names.map(familiarName).join(', '), size };
}

function layerBlob(ref: LayerRef, blob: BlobRef | undefined, { content, ensureBlob, signal }: ExportDeps): PushBlob {
  if (blob === undefined) throw new Error('a layer without blob');
  const { digest, size } = blob;
  return {
    digest,
    size,
    knownIn: ref.origins.filter((origin) => origin.digest === digest).map(({ repository }) => repository),
    async *open(from, end) {
      if (!content.has(digest, size)) await ensureBlob(ref, { signal });
      if (!content.has(digest, size))
        throw new BuildError('image-not-found', `the layer ${digest} is neither here nor where it came from`, {
          hint: 'pull its base image again with --pull',
        });
      if (end > from)
        yield* createReadStream(content.path(digest), { start: from, end: end - 1, highWaterMark: CHUNK });
    },
  };
}

const CHUNK = 1024 * 1024;

async function* piece(bytes: Uint8Array, from: number, end: number): AsyncGenerator<Uint8Array> {
  yield bytes.subarray(from, end);
}
