export { BuildEnv, splitPair } from './build-env.ts';
export { ConfigLists } from './config-lists.ts';
export {
  emptyImage,
  finalImage,
  type ImageDraft,
  inheritedImage,
  platformOf,
  withConfig,
  withShell,
} from './image-draft.ts';
export { applyMetadata, type Expander, isMetadata, type MetadataInstruction } from './metadata.ts';
export type { PortSpec } from './ports.ts';
