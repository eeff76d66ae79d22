import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, makeDirectories } from '../../cache/index.ts';
import { BuildError } from '../errors.ts';
import { fileLocks } from '../host/sys/index.ts';
import { type Descriptor, parseIndex } from '../image/oci/index.ts';
import type { ArchiveParts } from './archive.ts';
import type { ExportDeps } from './deps.ts';
import { outputFailed } from './destination.ts';
import { blobName, indexDescriptors, OCI_LAYOUT_FILE, renderIndexFile } from './image-files.ts';
import { copyStored } from './pieces.ts';
import { writeWhole } from './whole-file.ts';

/**
 * Adds the image to an OCI layout directory, which is made when it is not there. Images of other names in it stay, also those that others add
 * at the same time. index.json comes last, so that it never names a blob that is missing.
 * @returns bytes of the image
 * @throws BuildError output-failed
 */
export async function writeLayoutDirectory(parts: ArchiveParts, deps: ExportDeps): Promise<number> {
  const { image, files, spec } = parts;
  const { dest } = spec;
  const writer: Writer = { dest, lease: deps.lease, signal: deps.signal };
  try {
    makeDirectories(join(dest, 'blobs/sha256'));
    // What cannot be added to is told before anything is written.
    await descriptorsThere(dest);
    for (const blob of files.blobs) {
      deps.signal.throwIfAborted();
      await copyBlob(deps.content.path(blob.digest), blob, writer);
    }
    await put(blobName(files.config.digest), files.config.bytes, writer);
    await put(blobName(files.manifest.digest), files.manifest.bytes, writer);
    await put('oci-layout', OCI_LAYOUT_FILE, writer);
    await addToIndex(indexDescriptors(image, files, spec), writer, deps);
  } catch (error) {
    // The reason of an abort has a code as well.
    deps.signal.throwIfAborted();
    if (error instanceof BuildError || (error as NodeJS.ErrnoException).code === undefined) throw error;
    throw outputFailed(dest, error);
  }
  return files.config.bytes.length + files.manifest.bytes.length + files.blobs.reduce((sum, { size }) => sum + size, 0);
}

interface Writer {
  readonly dest: string;
  readonly lease: string;
  readonly signal: AbortSignal;
}

/** Under the lock that BuildKit takes for it, too. */
async function addToIndex(mine: readonly Descriptor[], writer: Writer, { signal }: ExportDeps): Promise<void> {
  const lockFile = join(writer.dest, 'index.json.lock');
  const lock = await fileLocks.lock(lockFile, 'exclusive', { signal });
  try {
    const others = await descriptorsThere(writer.dest);
    await put('index.json', renderIndexFile([...others.filter((other) => !isReplaced(other, mine)), ...mine]), writer);
  } finally {
    // While it is held: a file that is gone can be locked by nobody.
    await rm(lockFile, { force: true }).catch(() => undefined);
    lock.release();
  }
}

const REF_NAME = 'org.opencontainers.image.ref.name';
const IMAGE_NAME = 'io.containerd.image.name';

async function descriptorsThere(dest: string): Promise<readonly Descriptor[]> {
  try {
    return parseIndex(await readFile(join(dest, 'index.json')), `index.json of ${dest}`).manifests;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    if (!(error instanceof BuildError)) throw error;
    throw new BuildError('output-failed', `cannot add to ${dest}: ${error.message}`, {
      hint: 'give an empty directory',
      cause: error,
    });
  }
}

function isReplaced(other: Descriptor, mine: readonly Descriptor[]): boolean {
  return mine.some(({ digest, annotations }) => {
    const sameName =
      annotations?.[IMAGE_NAME] === other.annotations?.[IMAGE_NAME] &&
      annotations?.[REF_NAME] === other.annotations?.[REF_NAME];
    return sameName || (digest === other.digest && other.annotations?.[REF_NAME] === undefined);
  });
}

async function copyBlob(
  from: string,
  { digest, size }: { digest: Digest; size: number },
  { dest, lease, signal }: Writer,
): Promise<void> {
  const to = join(dest, blobName(digest));
  if ((await stat(to).catch(() => undefined))?.size === size) return;
  await writeWhole(to, { lease, write: (file) => copyStored({ path: from, size }, file, signal) });
}

async function put(name: string, bytes: Uint8Array, { dest, lease }: Writer): Promise<void> {
  await writeWhole(join(dest, name), { lease, write: (file) => file.writeFile(bytes) });
}
