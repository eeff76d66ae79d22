import { basename, resolve } from 'node:path';
import type { BuildOptions } from '../build-options.ts';
import { isFileOutput, mergeAnnotations, type OutputSpec } from '../exporter/index.ts';

/** `-o`, or the default: an archive in the current directory named after the first tag; nothing without a tag. */
export function outputsOf(options: BuildOptions): readonly OutputSpec[] {
  const outputs = plainOutputs(options).map((output) => {
    const annotations = mergeAnnotations(output.annotations, options.annotations);
    return annotations === undefined ? output : { ...output, annotations };
  });
  if (options.isReproducible !== true) return outputs;
  // an image that is only known by its id has dates too
  const all: readonly OutputSpec[] = outputs.length > 0 ? outputs : [{ type: 'cacheonly', dest: '' }];
  return all.map((output) => ({ ...output, fileTimes: output.fileTimes ?? 'epoch' }));
}

function plainOutputs(options: BuildOptions): readonly OutputSpec[] {
  if (options.outputs !== undefined)
    return options.outputs.map((output) => ({
      ...output,
      dest: output.dest === '-' || !isFileOutput(output) ? output.dest : resolve(options.cwd, output.dest),
    }));
  const [tag] = options.tags;
  if (tag === undefined) return [];
  return [{ type: 'oci', dest: resolve(options.cwd, defaultFile(tag)) }];
}

/** Where the image's id and the metadata are written, beside the outputs. */
export function sidePathsOf({
  iidFile,
  metadataFile,
  cwd,
}: BuildOptions): Pick<BuildOptions, 'iidFile' | 'metadataFile'> {
  const placed = (file: string | undefined) => (file === undefined ? undefined : resolve(cwd, file));
  return { iidFile: placed(iidFile), metadataFile: placed(metadataFile) };
}

export function sideFilesOf(options: BuildOptions): readonly OutputSpec[] {
  const { iidFile, metadataFile } = sidePathsOf(options);
  return [iidFile, metadataFile].flatMap((dest) => (dest === undefined ? [] : [{ type: 'oci', dest }]));
}

/** `ghcr.io/o/app` → `app-latest.tar` */
export function defaultFile(tag: string): string {
  const last = basename(tag.replace(/@.*$/, ''));
  const colon = last.indexOf(':');
  const [name, version] = colon < 0 ? [last, 'latest'] : [last.slice(0, colon), last.slice(colon + 1)];
  return `${name}-${version}.tar`;
}
