export type { ContainerConfig, Healthcheck, HistoryEntry, ImageConfig } from './config.ts';
export { type Descriptor, type Index, MEDIA, type Manifest } from './manifest.ts';
export type { Platform } from './platform.ts';
