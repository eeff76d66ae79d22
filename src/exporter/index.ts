export { blobOfLayer, blobsOfLayers, type WantedForm } from './blob-of-layer.ts';
export { DEFAULT_COMPRESSION, type LayerCompression } from './compression.ts';
export type { BlobDeps, ExportContent, ExportDeps, ExportLayers } from './deps.ts';
export { checkDestinations } from './destination.ts';
export { type ExportedImage, type ExportedOutput, exportImage } from './export-image.ts';
export type { ExportImage } from './image-files.ts';
export { redatingOf } from './redate-image.ts';
export { isFileOutput, type OutputAnnotations, type OutputSpec } from './output-spec.ts';
export { parseOutput } from './parse-output.ts';
