import type { OutputAnnotations, OutputSpec } from './exporter/index.ts';
import type { Platform } from './image/oci/index.ts';
import type { AuthFile, Credentials, RegistryConfig } from './sources/registry/index.ts';
import type { LowerChoice, RunLimits, SecretLeak } from './worker/protocol.ts';

/** Everything a build is told. Parsed already: no argv and no environment are looked at below the CLI. */
export interface BuildOptions {
  /** Host path of the state directory. */
  readonly rootDir: string;
  /** A directory, or `-`: a tar or a Dockerfile on stdin. */
  readonly context: string;
  /** Dockerfile: a path, or `-` for stdin; undefined looks in the context. */
  readonly file?: string | undefined;
  /** Read once, and only when context or file is `-`. */
  readonly stdin?: AsyncIterable<Uint8Array> | undefined;
  /** Where paths begin that are not absolute. */
  readonly cwd: string;
  /** As given; the first names the default output file. */
  readonly tags: readonly string[];
  readonly buildArgs: ReadonlyMap<string, string>;
  readonly labels: ReadonlyMap<string, string>;
  readonly target?: string | undefined;
  readonly platform?: Platform | undefined;
  readonly buildPlatform: Platform;
  /** --build-context, by name as given. */
  readonly contexts: ReadonlyMap<string, string>;
  readonly secrets: ReadonlyMap<string, SecretSource>;
  /** What a layer that holds a secret's value means; `warn` when absent. */
  readonly secretLeak?: SecretLeak | undefined;
  /** By id, host paths of the socket of one ssh agent, or of files with private keys: for those there is an agent while the build lasts. */
  readonly ssh: ReadonlyMap<string, readonly string[]>;
  readonly noCache: boolean;
  /** --paranoid: what the stat index remembers does not count. */
  readonly isParanoid?: boolean | undefined;
  /** What is made is not found by later builds. */
  readonly keepsNoRecord?: boolean | undefined;
  readonly noCacheFilter: readonly string[];
  /** Stages and steps whose miss ends the build, with `would-miss`, before the step runs; true means every step. */
  readonly failOnMiss?: true | readonly string[] | undefined;
  readonly pull: 'auto' | 'always' | 'never';
  readonly network: 'default' | 'none' | 'host';
  /** `network.host`, `security.insecure`, `device` for all devices or `device=NAME`. */
  readonly allow: ReadonlySet<string>;
  /** --device: of every RUN, `/dev/…[:/dev/…[:rwm]]`. */
  readonly devices?: readonly string[] | undefined;
  readonly extraHosts: readonly { readonly host: string; readonly ip: string }[];
  /** Name servers of RUNs; the host's when empty. */
  readonly dns?: readonly string[] | undefined;
  readonly ulimits: readonly { readonly name: string; readonly soft: number; readonly hard: number }[];
  readonly shmSizeBytes?: number | undefined;
  /** Of each RUN; in no key. */
  readonly runLimits?: RunLimits | undefined;
  /** undefined: the default archive when there is a tag, nothing otherwise. */
  readonly outputs?: readonly OutputSpec[] | undefined;
  /** --reproducible: the epoch is the commit's unless given, and all files of new layers have its date unless an output says otherwise. */
  readonly isReproducible?: boolean | undefined;
  /** Of all outputs, beside their own. */
  readonly annotations?: OutputAnnotations | undefined;
  /** The outcome names the image even where nothing is written or named. */
  readonly wantsID?: boolean | undefined;
  /** Gets the image's id. */
  readonly iidFile?: string | undefined;
  /** Gets what buildx writes about an image. */
  readonly metadataFile?: string | undefined;
  /** What the build checks find is in the metadata, too. */
  readonly hasMetadataWarnings?: boolean | undefined;
  /** Host paths of what is written about the build, wherever it lies: no part of a context. */
  readonly reportFiles?: readonly string[] | undefined;
  readonly jobs: number;
  /** What the root may take on disk after the build, as `du` counts; by the size of the disk when absent. */
  readonly cacheMaxBytes?: number | undefined;
  /** --check-rules in lower case: rules to check beside BuildKit's, by name; `tsbuild` and `all` stand for many. */
  readonly checkRules?: ReadonlySet<string> | undefined;
  /** Host path of a PEM bundle for RUNs and for tsbuild's own requests. */
  readonly caFile?: string | undefined;
  readonly runtime?: string | undefined;
  /** How layers become file systems for RUNs; `auto` when absent. */
  readonly lower?: LowerChoice | undefined;
  readonly registryConfig: RegistryConfig;
  /** By host; asked before the files. */
  readonly credentials: Credentials;
  /** docker's config.json, podman's auth.json: the first that knows a registry counts. Their helpers are run. */
  readonly authFiles?: readonly AuthFile[] | undefined;
  /** http_proxy and the like, SSL_CERT_FILE and the like, for tsbuild's own requests. */
  readonly proxyEnv: { readonly [name: string]: string | undefined };
  /** What the worker process inherits: PATH and the like. */
  readonly workerEnv: { readonly [name: string]: string | undefined };
  readonly workerScript: string;
  readonly stdout: (bytes: Uint8Array) => Promise<void>;
}

export type SecretSource =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'env'; readonly value: string };
