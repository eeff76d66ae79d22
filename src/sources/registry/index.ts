export type { Credential, Credentials } from './auth.ts';
export { parseRegistryConfig, type RegistryConfig, type RegistryEntry } from './config.ts';
export { type Layout, openLayout, type ResolvedLayout } from './layout.ts';
export {
  openRegistry,
  type Registry,
  type RegistryContent,
  type RegistryOptions,
  type ResolvedReference,
} from './registry.ts';
