import { type BlobRef, type Digest, type LayerRef, parseDigest } from '../../cache/index.ts';
import type { Descriptor } from '../image/oci/index.ts';
import { assertNever } from '../util/assert-never.ts';
import { withoutAbsent } from '../util/without-absent.ts';
import { annotatedFor } from './annotations.ts';
import { type ArchiveParts, archivePieces } from './archive.ts';
import { blobsOfLayers } from './blob-of-layer.ts';
import { blobKey, DEFAULT_COMPRESSION, layerMediaType } from './compression.ts';
import { EXPORT_ACTIVITY, type ExportDeps } from './deps.ts';
import { checkDestinations, writeDestination } from './destination.ts';
import { type ExportImage, type ImageFiles, imageDescriptor, imageFiles, type ManifestSpec } from './image-files.ts';
import { writeLayoutDirectory } from './layout-directory.ts';
import { hasManifest, type OutputSpec } from './output-spec.ts';
import { bytesOf } from './pieces.ts';
import { pushOutput } from './push-output.ts';
import { redateImage } from './redate-image.ts';
import { writeRootfsDirectory } from './rootfs-directory.ts';
import { rootfsTar } from './rootfs-tar.ts';
import { rememberWritten, unchangedSize } from './unchanged.ts';

export interface ExportedImage {
  /** Of the manifest in the first output that has one. Without such an output: of the manifest that names the layers' plain tars. */
  readonly digest: Digest;
  readonly configDigest: Digest;
  /** Of that manifest, without a name. */
  readonly descriptor: Descriptor;
  /** The image's layers, with the blobs that they were exported as. */
  readonly layers: readonly LayerRef[];
  /** The same without: what the image of `digest` is made of. */
  readonly plainLayers: readonly LayerRef[];
  readonly outputs: readonly ExportedOutput[];
}

export interface ExportedOutput {
  readonly type: OutputSpec['type'];
  /** Path; registry: the names that were pushed; load: the engine. */
  readonly dest: string;
  readonly size: number;
  /** An OCI layout that is a directory. */
  readonly isDirectory?: boolean;
  /** Of the manifest in it; absent for outputs without one. */
  readonly digest?: Digest;
}

/**
 * Writes an image to each of its outputs, in their order, and its config and manifest into the content store.
 * @throws BuildError output-failed, disk-full; what ensureLayer and ensureBlob throw. An output that fails leaves nothing of itself, but for
 *   files of type=local and blobs of a layout directory.
 */
export async function exportImage(
  image: ExportImage,
  outputs: readonly OutputSpec[],
  deps: ExportDeps,
): Promise<ExportedImage> {
  checkDestinations(outputs);
  const specs = outputs.map((spec) => annotatedFor(spec, image.platform));
  const forms = new Map<string, ImageForm>();
  const written: ExportedOutput[] = [];
  for (const spec of specs) {
    deps.signal.throwIfAborted();
    const form = hasManifest(spec) ? await formFor(image, spec, { forms, deps }) : undefined;
    const { type } = spec;
    const output = { image: form?.image ?? image, spec, files: form?.files };
    const place = await deps.timed({ name: 'write', of: EXPORT_ACTIVITY }, () => writeOutput(output, deps));
    written.push({ type, ...withoutAbsent({ digest: form?.files.manifest.digest }), ...place });
  }
  const [first] = forms.values();
  const { files, image: named, spec } = first ?? (await plainForm(image, outputs, deps));
  return {
    digest: files.manifest.digest,
    configDigest: files.config.digest,
    descriptor: imageDescriptor(named, files, spec),
    layers: first === undefined ? named.layers : named.layers.map((ref, index) => withBlob(ref, files.blobs[index])),
    plainLayers: named.layers,
    outputs: written,
  };
}

/** An image as some outputs have it. */
interface ImageForm {
  readonly image: ExportImage;
  readonly files: ImageFiles;
  /** Of the first output that has it. */
  readonly spec: ManifestSpec;
}

/** The layers as their tars: enough to name an image that is not written as one. */
async function plainForm(given: ExportImage, outputs: readonly OutputSpec[], deps: ExportDeps): Promise<ImageForm> {
  const image = await redateImage(given, outputs.find(({ fileTimes }) => fileTimes !== undefined)?.fileTimes, deps);
  return { image, files: store(imageFiles(image, await plainBlobs(image.layers, deps), {}), deps), spec: {} };
}

/** Outputs of the same form share their files, hence their layers' compression. */
async function formFor(
  given: ExportImage,
  spec: OutputSpec,
  { forms, deps }: { forms: Map<string, ImageForm>; deps: ExportDeps },
): Promise<ImageForm> {
  const { compression, forceCompression: force } = spec;
  const mayBeRemote = spec.type === 'registry';
  const key = JSON.stringify([
    mayBeRemote,
    blobKey(compression ?? DEFAULT_COMPRESSION),
    force === true,
    spec.ociMediaTypes !== false,
    spec.annotations?.manifest ?? {},
    spec.fileTimes ?? 'kept',
  ]);
  const known = forms.get(key);
  if (known !== undefined) return known;
  const image = await redateImage(given, spec.fileTimes, deps);
  const blobs = await blobsOfLayers(image.layers, { compression, force, mayBeRemote }, deps);
  const form = { image, files: store(imageFiles(image, blobs, spec), deps), spec };
  forms.set(key, form);
  return form;
}

function store(files: ImageFiles, { content }: ExportDeps): ImageFiles {
  content.putBytes(files.config.bytes);
  content.putBytes(files.manifest.bytes);
  return files;
}

interface Output {
  readonly image: ExportImage;
  readonly spec: OutputSpec;
  readonly files: ImageFiles | undefined;
}

async function writeOutput(
  output: Output,
  deps: ExportDeps,
): Promise<Pick<ExportedOutput, 'dest' | 'size' | 'isDirectory'>> {
  const { image, spec } = output;
  const { type, dest } = spec;
  switch (type) {
    case 'oci':
    case 'docker': {
      const parts = partsOf(output);
      if (spec.tar === false) return { dest, size: await writeLayoutDirectory(parts, deps), isDirectory: true };
      return { dest, size: await writeArchive(parts, deps) };
    }
    case 'tar':
    case 'local':
      return { dest, size: await writeFiles(image, spec, deps) };
    case 'registry':
      return pushOutput(partsOf(output), deps);
    case 'load': {
      const parts = partsOf(output);
      return { dest: await deps.load(bytesOf(archivePieces(parts, deps)), deps), size: sizeOf(parts) };
    }
    case 'image':
    case 'cacheonly':
      return { dest: '', size: 0 };
    default:
      return assertNever(type);
  }
}

function partsOf({ image, spec, files }: Output): ArchiveParts {
  if (files === undefined) throw new Error('an image without manifest');
  return { image, files, spec };
}

function sizeOf({ files }: ArchiveParts): number {
  return files.blobs.reduce((sum, { size }) => sum + size, files.config.bytes.length + files.manifest.bytes.length);
}

async function writeArchive(parts: ArchiveParts, deps: ExportDeps): Promise<number> {
  const there = unchangedSize(parts, deps.memo);
  if (there !== undefined) return there;
  const size = await writeDestination(parts.spec.dest, archivePieces(parts, deps), deps);
  rememberWritten(parts, deps.memo);
  return size;
}

async function writeFiles(
  image: ExportImage,
  { type, dest, isUndated }: OutputSpec,
  deps: ExportDeps,
): Promise<number> {
  const { signal, warn } = deps;
  const epoch = isUndated === true ? undefined : image.epoch;
  const stack = await deps.openStack(image.layers, { signal });
  try {
    if (type === 'local') return await writeRootfsDirectory(stack, { dest, epoch, warn, signal });
    return await writeDestination(
      dest,
      rootfsTar(stack, { tempPath: deps.tempPath('rootfs.tar'), epoch, signal }),
      deps,
    );
  } finally {
    stack.close();
  }
}

/** The layers as their tars, without making any blob: enough to name an image that is not written as one. */
async function plainBlobs(layers: readonly LayerRef[], deps: ExportDeps): Promise<readonly BlobRef[]> {
  const found: BlobRef[] = [];
  for (const ref of layers) {
    if (ref.blob !== undefined) {
      found.push(ref.blob);
      continue;
    }
    if (deps.layers.meta(ref.diffID) === undefined) await deps.ensureLayer(ref, { signal: deps.signal });
    const size = deps.layers.meta(ref.diffID)?.size ?? 0;
    found.push({ mediaType: layerMediaType('none'), digest: parseDigest(ref.diffID), size });
  }
  return found;
}

function withBlob(ref: LayerRef, blob: BlobRef | undefined): LayerRef {
  if (blob === undefined || blob.digest === ref.blob?.digest) return ref;
  return { ...ref, blob, verified: true };
}
