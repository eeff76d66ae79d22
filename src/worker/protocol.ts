import type { ContentID, DiffID } from '../../cache/index.ts';
import type { PhaseName } from '../progress/index.ts';

/** How layers become file systems: `auto` takes the best that works on the root. */
export type LowerChoice = 'auto' | 'erofs' | 'directory' | 'copy';

/**
 * What the front asks of the worker, over Node's IPC channel as JSON. Paths inside rootfs are latin1 strings (bytes); paths of
 * the host are text. Bulk data goes through files below the root, never through a message.
 */
export interface WorkerCalls {
  /** The first call. */
  start: { readonly request: WorkerSetup; readonly reply: null };
  /** Runs one process on a stack of layers and publishes what it changed as a layer. */
  run: { readonly request: RunRequest; readonly reply: RunReply };
  /** A layer of a stack to come is in the root: what a RUN on it will need is made while others are brought. What goes wrong is for the RUN to say. */
  ahead: { readonly request: { readonly diffID: DiffID }; readonly reply: null };
  /** Kills everything of a run; its `run` call then replies with `killed`. Unknown ids are fine. */
  kill: { readonly request: { readonly id: string }; readonly reply: null };
  /** The caches of these ids start anew, but for those that somebody uses. */
  retire: { readonly request: { readonly ids: readonly string[] }; readonly reply: null };
  /** Deletes below the root what belongs to sub-uids: names relative to the root. */
  remove: { readonly request: { readonly paths: readonly string[] }; readonly reply: null };
  /** What this machine can do, for doctor and preflight. */
  probe: { readonly request: null; readonly reply: WorkerProbe };
}

export interface WorkerSetup {
  readonly rootDir: string;
  /** Of this worker alone. */
  readonly name: string;
  /** Temp files of the worker are named after it, so that the next build knows when they can go. */
  readonly lease?: string | undefined;
  /** `auto` when absent. */
  readonly lower?: LowerChoice | undefined;
  /** Where programs are looked for. */
  readonly searchPath: string;
}

export type WorkerCallName = keyof WorkerCalls;

/** Front → worker. */
export interface WorkerRequestMessage {
  readonly seq: number;
  readonly call: WorkerCallName;
  readonly request: unknown;
}

/** Worker → front. */
export type WorkerMessage =
  | { readonly type: 'reply'; readonly seq: number; readonly reply: unknown }
  | { readonly type: 'error'; readonly seq: number; readonly error: WireError }
  /** Output of a run, base64, in the order it came; the log file has it all. */
  | { readonly type: 'output'; readonly id: string; readonly stream: 'stdout' | 'stderr'; readonly data: string }
  | { readonly type: 'warning'; readonly id?: string; readonly message: string }
  /** What is good to know when one looks closer: a slower way was taken, and why. */
  | { readonly type: 'note'; readonly message: string };

/** A BuildError's parts, or a plain Error's message with code undefined. */
export interface WireError {
  readonly code?: string;
  readonly message: string;
  readonly hint?: string;
}

/** Bottom to top; the tar and toc of each are in the root's layers/. */
export type WireStack = readonly DiffID[];

export interface RunRequest {
  /** Unique within the worker; names the container. */
  readonly id: string;
  /** As progress shows it; its id when absent. */
  readonly name?: string | undefined;
  readonly stack: WireStack;
  readonly process: {
    readonly argv: readonly string[];
    /** What the Dockerfile and the base image set. */
    readonly env: readonly string[];
    /** Further variables, which no file that stays may hold: proxies, secrets, the CA. */
    readonly privateEnv?: readonly string[] | undefined;
    readonly cwd: string;
    /** Verbatim USER; resolved against the rootfs's passwd and group. */
    readonly user: string;
  };
  readonly hostname: string;
  readonly network: 'default' | 'none' | 'host';
  readonly security: 'sandbox' | 'insecure';
  readonly mounts: readonly WorkerMount[];
  /** Values of its secrets: masked in what it writes and in errors, and looked for in its layer. */
  readonly secrets?: readonly WireSecret[] | undefined;
  /** What a secret in the layer means; `warn` when absent. */
  readonly secretLeak?: SecretLeak | undefined;
  readonly extraHosts: readonly { readonly host: string; readonly ip: string }[];
  /** Name servers instead of the host's. */
  readonly dns?: readonly string[] | undefined;
  /** `/dev/…[:/dev/…[:rwm]]`; what is not there, and not required, is a warning. */
  readonly devices?: readonly { readonly name: string; readonly isRequired: boolean }[] | undefined;
  readonly ulimits: readonly { readonly name: string; readonly soft: number; readonly hard: number }[];
  readonly shmSizeBytes?: number | undefined;
  readonly limits?: RunLimits | undefined;
  /** Host path of the log; the worker appends everything the process writes. */
  readonly logFile: string;
  /** Host path of a runtime binary; runc in PATH when absent. */
  readonly runtime?: string | undefined;
  /** Seconds: mtime of directories that tsbuild itself makes in the rootfs. */
  readonly epoch?: number | undefined;
  readonly earlyChunks?: EarlyChunksWish | undefined;
}

/** Large files that a long RUN writes may be deflated while it runs. */
export interface EarlyChunksWish {
  /** Host path of a directory that is not there yet. Whether it is made, and what comes into it, is the worker's affair. */
  readonly dir: string;
  readonly level: number;
}

/** `warn` tells of it, `error` makes no layer, `off` does not look. */
export type SecretLeak = 'warn' | 'error' | 'off';

export interface WireSecret {
  readonly id: string;
  /** Base64. */
  readonly value: string;
}

/** Files of a layer that hold the value of a secret. */
export interface Leak {
  readonly id: string;
  /** As they are shown; the first of them. */
  readonly paths: readonly string[];
}

/** What cannot be held on a machine is a warning. */
export interface RunLimits {
  readonly memoryBytes?: number | undefined;
  readonly cpus?: number | undefined;
  readonly timeoutMs?: number | undefined;
}

/** Targets are absolute in the rootfs; applied parents first. */
export type WorkerMount =
  /** A path of a stack of layers. Writes are discarded. */
  | {
      readonly type: 'stack';
      readonly stack: WireStack;
      readonly source: string;
      readonly target: string;
      readonly readOnly: boolean;
    }
  /** A persistent directory mounts/<name> of the root. `private` takes a free sibling when it is busy. */
  | {
      readonly type: 'cache';
      readonly name: string;
      readonly target: string;
      readonly sharing: 'shared' | 'private' | 'locked';
      readonly readOnly: boolean;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
      readonly seed?: { readonly stack: WireStack; readonly source: string } | undefined;
      /** A path in it, which is shown instead. */
      readonly subpath?: string | undefined;
    }
  | {
      readonly type: 'tmpfs';
      readonly target: string;
      readonly readOnly?: boolean | undefined;
      readonly sizeBytes?: number | undefined;
    }
  /** A file on the worker's private tmpfs with this content (base64): secrets, heredoc scripts. Read-only. */
  | {
      readonly type: 'file';
      readonly content: string;
      readonly target: string;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    }
  /** A socket of the RUN's own, behind which is one of the host. */
  | {
      readonly type: 'agent';
      readonly source: string;
      readonly target: string;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    }
  /** A file or directory of the host, bound read-only (a CA bundle) or as it is. */
  | { readonly type: 'host'; readonly source: string; readonly target: string; readonly readOnly: boolean };

export type RunReply =
  | {
      readonly outcome: 'exited';
      readonly exitCode: number;
      /** Present when exitCode is 0. */
      readonly layer?: WireLayer;
      /** Secrets that the layer holds. */
      readonly leaks?: readonly Leak[];
      readonly cpuMs?: number;
      /** Peak memory of all of its processes. */
      readonly maxRssBytes?: number;
      /** The kernel has killed something of it for want of memory. */
      readonly isOutOfMemory?: boolean;
      /** When it failed. */
      readonly kept?: Kept;
      /** What its time went to. */
      readonly phases?: readonly PastPhase[];
    }
  | { readonly outcome: 'killed'; readonly isTooLate?: boolean; readonly kept?: Kept };

/** Began and ended so many milliseconds before the reply. */
export interface PastPhase {
  readonly name: PhaseName;
  readonly beganMs: number;
  readonly endedMs: number;
}

/** Where what a failed RUN wrote is, below failed/ of the root, or why it is not. */
export type Kept = { readonly id: string } | { readonly reason: string };

/**
 * failed/<id>/record.json: all that it takes to start the RUN again, but for values of secrets. Beside it, `upper` is the directory that
 * overlayfs had as its upper.
 */
export interface FailedStep {
  readonly schemaVersion: 1;
  readonly id: string;
  readonly atMs: number;
  /** As progress shows it. */
  readonly step: string;
  /** Absent when it was killed: it took too long. */
  readonly exitCode?: number | undefined;
  /** Bytes of the files that it wrote. */
  readonly sizeBytes: number;
  /** In which xattr of a directory in `upper` its opaqueness stands. */
  readonly opaqueXattr: string;
  readonly stack: WireStack;
  readonly process: { readonly argv: readonly string[]; readonly cwd: string; readonly user: string };
  readonly env: readonly string[];
  /** Names of the variables that were set beside those. */
  readonly privateEnv: readonly string[];
  /** Without the contents of secrets. */
  readonly mounts: readonly object[];
  readonly secrets: readonly string[];
  readonly settings: Pick<
    RunRequest,
    | 'devices'
    | 'hostname'
    | 'network'
    | 'security'
    | 'extraHosts'
    | 'dns'
    | 'ulimits'
    | 'shmSizeBytes'
    | 'limits'
    | 'epoch'
  >;
  readonly logFile: string;
}

export interface WireLayer {
  readonly diffID: DiffID;
  readonly contentID: ContentID;
  /** Bytes of the uncompressed tar. */
  readonly size: number;
}

export interface WorkerProbe {
  readonly runtime?: { readonly path: string; readonly version: string };
  readonly overlay: boolean;
  readonly userNamespace: boolean;
  /** Whose limits of memory and processors can be set. */
  readonly cgroups: 'none' | 'v1' | 'v2';
  /** What carries the traffic of RUNs that have a network of their own; the first is used, the others where it fails. */
  readonly networkPrograms?: readonly string[];
  /** Why RUNs share the host's network, with the command that helps; absent when they have one of their own. */
  readonly networkObstacle?: string;
  /** Which lower makers are used on this root, best first. */
  readonly lowers: readonly string[];
  /** Why it is not a better one. */
  readonly notes: readonly string[];
}
