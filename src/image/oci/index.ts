export type { ContainerConfig, Healthcheck, HistoryEntry, ImageConfig } from './config.ts';
export { type Descriptor, type Index, type Manifest, MEDIA } from './manifest.ts';
export { MAX_CONFIG_BYTES, parseConfig } from './parse-config.ts';
export { MAX_MANIFEST_BYTES, manifestKind, parseIndex, parseManifest } from './parse-manifest.ts';
export {
  formatPlatform,
  hostPlatform,
  matchPlatform,
  normalisePlatform,
  type Platform,
  parsePlatform,
} from './platform.ts';
export { familiarName, formatReference, normaliseReference, parseReference, type Reference } from './reference.ts';
export { renderConfig, renderIndex, renderManifest } from './render.ts';
