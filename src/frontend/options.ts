import type { Platform } from '../image/oci/index.ts';

/** What the command line says about lowering; paths and secrets are not the frontend's business. */
export interface LowerOptions {
  /** --build-arg after the environment was looked up; undefined values were dropped. */
  readonly buildArgs: ReadonlyMap<string, string>;
  readonly target?: string | undefined;
  /** --platform; undefined follows the machine and the base image. */
  readonly platform?: Platform | undefined;
  readonly buildPlatform: Platform;
  readonly labels: ReadonlyMap<string, string>;
  /** Names of --build-context, lower case, `:latest` trimmed, → what they are. */
  readonly contexts: ReadonlyMap<string, NamedContext>;
  readonly noCache: boolean;
  /** Stage names, any case. */
  readonly noCacheFilter: readonly string[];
  readonly network: 'default' | 'none' | 'host';
  readonly allow: ReadonlySet<string>;
  /** --device: of every RUN. */
  readonly devices?: readonly string[] | undefined;
  readonly extraHosts: readonly { readonly host: string; readonly ip: string }[];
  readonly ulimits: readonly { readonly name: string; readonly soft: number; readonly hard: number }[];
  readonly shmSizeBytes?: number | undefined;
  readonly hostname: string;
  /** --call=check: without a target all stages are looked at. */
  readonly isCheck?: boolean | undefined;
  /** --check-rules in lower case: names of rules that must be asked for, `tsbuild` for all of its own, `all`. */
  readonly checkRules?: ReadonlySet<string> | undefined;
  /** Patterns of the main context's ignore file with their line numbers, for hints and checks. */
  readonly ignorePatterns: readonly { readonly pattern: string; readonly line: number; readonly file: string }[];
}

export type NamedContext =
  | { readonly kind: 'directory' }
  /** `docker-image://REF` or `oci-layout://…`; the name to give to the ImageResolver. */
  | { readonly kind: 'image'; readonly name: string };
