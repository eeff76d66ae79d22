export { mergeAnnotations, parseAnnotations } from './annotations.ts';
export { blobOfLayer, blobsOfLayers, type WantedForm } from './blob-of-layer.ts';
export { DEFAULT_COMPRESSION, type LayerCompression, levelOf } from './compression.ts';
export {
  type BlobDeps,
  EXPORT_ACTIVITY,
  type ExportContent,
  type ExportDeps,
  type ExportLayers,
  type LayerAhead,
} from './deps.ts';
export { checkDestinations, writeText } from './destination.ts';
export { type ExportedImage, type ExportedOutput, exportImage } from './export-image.ts';
export type { ExportImage } from './image-files.ts';
export { hasManifest, isFileOutput, keepsTimes, type OutputAnnotations, type OutputSpec } from './output-spec.ts';
export { parseOutput } from './parse-output.ts';
export { redatingOf } from './redate-image.ts';
