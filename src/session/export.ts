import type { BuildOptions } from '../build-options.ts';
import {
  EXPORT_ACTIVITY,
  type ExportedImage,
  type ExportImage,
  exportImage,
  isFileOutput,
  writeText,
} from '../exporter/index.ts';
import type { Diagnostic } from '../frontend/index.ts';
import type { Definition, Target, Vertex } from '../graph/index.ts';
import { familiarName, formatPlatform, normaliseReference } from '../image/oci/index.ts';
import { imageMaterial } from '../ops/index.ts';
import type { Emit, ImageSummary } from '../progress/index.ts';
import { type Solution, stackOf } from '../solver/index.ts';
import { nowMs } from '../util/clock.ts';
import { pathBelow } from '../util/path-below.ts';
import { imageConfig } from './image-config.ts';
import { outputsOf, sidePathsOf } from './outputs.ts';
import type { Session } from './session.ts';
import { metadataWarnings, writeMetadata } from './side-files.ts';

interface ExportContext {
  readonly session: Session;
  readonly options: BuildOptions;
  readonly signal: AbortSignal;
  readonly emit: Emit;
  readonly diagnostics: readonly Diagnostic[];
}

/** Writes the outputs, registers the names, writes iidfile and metadata; in that order, so that a name never lies. */
export async function exportTargets(
  definition: Definition,
  solution: Solution,
  context: ExportContext,
): Promise<ImageSummary | undefined> {
  const [target, ...more] = definition.targets;
  if (target === undefined || more.length > 0) throw new Error('exactly one target is expected');
  const { session, options, emit } = context;
  const tags = options.tags.map(normaliseReference);
  const outputs = outputsOf(options);
  const names = [...new Set(tags.length > 0 ? tags : outputs.flatMap((output) => output.names ?? []))];
  const { wantsID = false, iidFile, metadataFile } = options;
  const isWanted = wantsID || iidFile !== undefined || metadataFile !== undefined;
  if (outputs.length === 0 && names.length === 0 && !isWanted) return undefined;
  const image = await imageOf(target, solution, tags);
  const id = EXPORT_ACTIVITY;
  emit({ type: 'activity-started', id, name: 'exporting', atMs: session.clock.elapsedMs() });
  const written = await exportImage(image, outputs, {
    ...session.exportDeps,
    signal: context.signal,
    onProgress: (item, done, total) =>
      emit({
        type: 'activity-progress',
        id,
        item,
        done,
        ...(total === undefined ? {} : { total }),
        atMs: session.clock.elapsedMs(),
      }),
  });
  emit({ type: 'activity-done', id, atMs: session.clock.elapsedMs() });
  for (const name of names) register(name, { target, written, session });
  const summary: ImageSummary = {
    digest: written.digest,
    configDigest: written.configDigest,
    platform: formatPlatform(target.platform),
    tags: names.map(familiarName),
    outputs: written.outputs
      .filter(({ dest }) => dest !== '')
      .map((output) => (isFileOutput(output) ? { ...output, dest: shownPath(output.dest, options.cwd) } : output)),
    exposedPorts: Object.keys(image.config.config.ExposedPorts ?? {}).sort(
      (a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10),
    ),
  };
  writeFiles(written, names, context);
  return summary;
}

interface Registration {
  readonly target: Target;
  readonly written: ExportedImage;
  readonly session: Session;
}

/** Makes the image known by its name: to the next FROM, which finds it without a network and is a hit. */
function register(name: string, { target, written, session }: Registration): void {
  const { platform } = target;
  const { digest: manifest, configDigest: config, plainLayers: layers } = written;
  const at = nowMs();
  // Without the forms they were written in: an image that stands on this one chooses its own.
  session.names.put(name, { manifest, config, platform, layers, kind: 'built', at });
  const { records } = session.root;
  const material = imageMaterial({ name, manifest, platform });
  const place = { build: session.place, stage: '', index: 0, kind: 'EXPORT' };
  const times = { createdAt: at, lastUsedAt: at, costMs: 0 };
  records.put({ key: records.keyOf(material), material, layers: [], ...times, place, explanation: {} });
}

async function imageOf(target: Target, solution: Solution, names: readonly string[]): Promise<ExportImage> {
  return {
    platform: target.platform,
    config: imageConfig(target, solution),
    layers: stackOf(solution.of(target.vertex).result),
    names,
    baseLayers: baseLayersOf(target.vertex, solution),
    ...(target.epoch === undefined ? {} : { epoch: target.epoch }),
  };
}

/** How many layers the FROM of the target, or of the stages that it stands on, has brought. */
function baseLayersOf(target: Vertex, solution: Solution): number {
  for (let at: Vertex | undefined = target; at !== undefined; at = at.inputs[0])
    if (at.op.kind === 'image') return stackOf(solution.of(at).result).length;
  return 0;
}

/** As somebody in this directory would write it. */
function shownPath(dest: string, cwd: string): string {
  return dest === '-' ? dest : (pathBelow(cwd, dest) ?? dest);
}

function writeFiles(
  image: ExportedImage,
  names: readonly string[],
  { session, options, diagnostics }: ExportContext,
): void {
  const { iidFile, metadataFile } = sidePathsOf(options);
  if (iidFile !== undefined) writeText(iidFile, image.configDigest);
  if (metadataFile === undefined) return;
  const warnings = options.hasMetadataWarnings === true ? metadataWarnings(diagnostics, session.dockerfile) : [];
  writeMetadata(metadataFile, {
    ...(warnings.length === 0 ? {} : { 'buildx.build.warnings': warnings }),
    'containerimage.config.digest': image.configDigest,
    'containerimage.descriptor': image.descriptor,
    'containerimage.digest': image.digest,
    ...(names.length === 0 ? {} : { 'image.name': names.join(',') }),
  });
}
