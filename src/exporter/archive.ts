import { createReadStream } from 'node:fs';
import type { Digest } from '../../cache/index.ts';
import { packArchive } from '../image/archive/index.ts';
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

export interface ArchiveParts {
  readonly image: ExportImage;
  readonly files: ImageFiles;
  readonly spec: OutputSpec;
}

/**
 * An OCI layout and a `docker save` archive in one tar. Equal images give equal bytes: entries in a fixed order, times of the
 * epoch, nothing of this machine.
 */
export function archiveBytes(
  parts: ArchiveParts,
  deps: Pick<ExportDeps, 'content' | 'onProgress'>,
): AsyncIterable<Uint8Array> {
  return packArchive(entries(parts, deps));
}

interface Entry {
  readonly name: string;
  readonly size: number;
  readonly mode: number;
  readonly mtimeSec: number;
  readonly body: AsyncIterable<Uint8Array> | Uint8Array;
}

async function* entries(
  { image, files, spec }: ArchiveParts,
  { content, onProgress }: Pick<ExportDeps, 'content' | 'onProgress'>,
): AsyncGenerator<Entry> {
  const mtimeSec = image.epoch ?? 0;
  const small = (name: string, body: Uint8Array): Entry => ({ name, size: body.length, mode: 0o644, mtimeSec, body });
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
      mtimeSec,
      body: fileBytes(content.path(digest)),
    };
    done += size;
    onProgress?.('archive', done, total);
  }
}

const CHUNK = 1024 * 1024;

/** Opened when it is read, not before. */
async function* fileBytes(path: string): AsyncGenerator<Uint8Array> {
  yield* createReadStream(path, { highWaterMark: CHUNK });
}
