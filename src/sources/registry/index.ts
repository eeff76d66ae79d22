export { parseMirror, parseRegistryConfig, type RegistryConfig, type RegistryEntry } from './config.ts';
export {
  type AuthFile,
  type Credential,
  type CredentialSource,
  type Credentials,
  credentialsIn,
  credentialsOf,
  parseAuthFile,
} from './credentials.ts';
export type { FetchOptions } from './fetch-blob.ts';
export { type Layout, openLayout, type ResolvedLayout } from './layout.ts';
export type { PushImage } from './push.ts';
export type { PushBlob, PushOptions } from './push-blob.ts';
export {
  openRegistry,
  type Registry,
  type RegistryContent,
  type RegistryOptions,
  type ResolvedReference,
} from './registry.ts';
