import type { ContentID, DiffID, LayerRef } from '../../cache/index.ts';
import type { GitOp, Vertex } from '../graph/index.ts';
import type { LayerFiles } from '../image/layer/index.ts';
import type { Tree } from '../image/toc/index.ts';
import type { RunLimits, RunReply, RunRequest, SecretLeak } from '../worker/protocol.ts';

/** A stack's files, readable until closed. */
export interface OpenStack extends Tree {
  close(): void;
}

/** A layer that an op made, published in the root. */
export interface PublishedLayer {
  readonly diffID: DiffID;
  readonly contentID: ContentID;
  /** Bytes of the uncompressed tar. */
  readonly size: number;
}

/** What ops need of the build they run in; the session implements it. */
export interface OpDeps {
  /** The files of a named context; '' is the main one. */
  readonly context: (name: string) => Promise<Tree>;
  /**
   * The merged files of a stack. Fetches and ingests what is missing.
   * @throws LayerLost when a layer's bytes are nowhere.
   */
  readonly openStack: (layers: readonly LayerRef[], options: { signal: AbortSignal }) => Promise<OpenStack>;
  /** The same, or undefined when some layer's toc is not here: for keys, which must not fetch. */
  readonly openStackIfHere: (layers: readonly LayerRef[]) => OpenStack | undefined;
  /** Makes sure that the worker finds each layer's tar and toc; it prepares those that come while others are on their way. @throws LayerLost */
  readonly ensureLayers: (layers: readonly LayerRef[], options: { signal: AbortSignal }) => Promise<void>;
  /** Writes the vertex's layer with `write` and publishes it; nothing is left of it if `write` throws. */
  readonly publishLayer: <T>(
    write: (files: LayerFiles) => Promise<WrittenLayer<T>>,
    vertex?: Vertex,
  ) => Promise<PublishedLayer & { readonly value: T }>;
  /**
   * To be asked of a RUN that has missed, before anything is brought for it.
   * @throws BuildError runtime-missing, sandbox-unavailable, emulation-missing and so on
   */
  readonly assertCanRun: (vertex: Vertex) => Promise<void>;
  /** To be called when a run is going to come: the worker starts while what it needs is brought. */
  readonly startWorker: () => void;
  readonly run: (
    request: RunRequest,
    options: { signal: AbortSignal; onOutput: (stream: 'stdout' | 'stderr', data: Uint8Array) => void; vertex: Vertex },
  ) => Promise<RunReply>;
  /** A host path for the complete log of a step. */
  readonly logFile: (name: string) => string;
  /** A directory with that one file. @throws BuildError http-failed, checksum-mismatch */
  readonly fetchUrl: (url: string, options: { checksum?: string | undefined; signal: AbortSignal }) => Promise<Tree>;
  /** The files of a commit as a published layer. @throws BuildError git-failed, checksum-mismatch */
  readonly gitLayer: (request: Omit<GitOp, 'kind'>, options: { signal: AbortSignal }) => Promise<LayerRef>;
  /** Remembers small values by a digest of what they were computed from. */
  readonly memo: {
    get(namespace: string, key: string): string | undefined;
    put(namespace: string, key: string, value: string): void;
  };
  /** Where large archives are spooled; the system's temp directory when absent. */
  readonly tempDir?: string;
  readonly filter: (
    argv: readonly string[],
    source: AsyncIterable<Uint8Array>,
    options: { signal: AbortSignal },
  ) => AsyncIterable<Uint8Array>;
  readonly runEnvironment: RunEnvironment;
}

/** Layer files under construction and what the writer has to say beside them. */
export interface WrittenLayer<T> {
  readonly diffID: DiffID;
  readonly contentID: ContentID;
  readonly size: number;
  readonly value: T;
}

/** What RUNs get that must not enter keys, layers or records. */
export interface RunEnvironment {
  /** Secret values by id; read when a step that mounts them runs. */
  readonly secret: (id: string) => Promise<Uint8Array | undefined>;
  /** Host socket of an ssh agent by id. */
  readonly sshSocket: (id: string) => string | undefined;
  /** `K=V` of the predefined proxy args. */
  readonly proxyEnv: readonly string[];
  /** Host path of a CA bundle to be trusted during RUNs. */
  readonly caFile: string | undefined;
  readonly runtime: string | undefined;
  readonly dns?: readonly string[] | undefined;
  readonly limits?: RunLimits | undefined;
  /** What a secret's value in a layer means; `warn` when absent. */
  readonly secretLeak?: SecretLeak | undefined;
}
