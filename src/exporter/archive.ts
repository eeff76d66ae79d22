import type { Digest } from '../../cache/index.ts';
import { type ArchiveFile, packArchive } from '../image/archive/index.ts';
import type { ExportDeps } from './deps.ts';
import {
  blobName,
  dockerManifest,
  type ExportImage,
  type ImageFiles,
  indexDescriptors,
  OCI_LAYOUT_FILE,
  renderIndexFile,
} from './image-files.ts';
import type { OutputSpec } from './output-spec.ts';
import type { Piece } from './pieces.ts';

export interface ArchiveParts {
  readonly image: ExportImage;
  readonly files: ImageFiles;
  readonly spec: OutputSpec;
}

/**
 * An OCI layout and a `docker save` archive in one tar. Equal images give equal bytes: entries in a fixed order, without
 * dates, nothing of this machine.
 */
export function archivePieces(
  parts: ArchiveParts,
  deps: Pick<ExportDeps, 'content' | 'onProgress'>,
): AsyncIterable<Piece> {
  return packArchive(entries(parts, deps));
}

async function* entries(
  { image, files, spec }: ArchiveParts,
  { content, onProgress }: Pick<ExportDeps, 'content' | 'onProgress'>,
): AsyncGenerator<ArchiveFile> {
  const small = (name: string, body: Uint8Array): ArchiveFile => ({
    name,
    size: body.length,
    mode: 0o644,
    body,
  });
  yield small('oci-layout', OCI_LAYOUT_FILE);
  yield small('index.json', renderIndexFile(indexDescriptors(image, files, spec)));
  yield small('manifest.json', dockerManifest(image, files, spec));
  yield small(blobName(files.manifest.digest), files.manifest.bytes);
  yield small(blobName(files.config.digest), files.config.bytes);
  const blobs = new Map<Digest, number>(files.blobs.map(({ digest, size }) => [digest, size]));
  const total = [...blobs.values()].reduce((sum, size) => sum + size, 0);
  let done = 0;
  for (const [digest, size] of blobs) {
    yield {
      name: blobName(digest),
      size,
      mode: 0o644,
      body: { path: content.path(digest), size },
    };
    done += size;
    onProgress?.('archive', done, total);
  }
}
