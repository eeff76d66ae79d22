import type { CacheKey, DiffID, Digest } from '../../cache/index.ts';

/** A whole number, 0 or more. */
export type Integer = number;

/** The steps of a build, announced once before the first of them starts. Ids are stable within a build: `s1`, `s2`, … */
export interface StepInfo {
  /** Unique within the build: `s1`. */
  readonly id: string;
  /** `[build 4/6] RUN npm ci` */
  readonly name: string;
  /** Its stage's name, or `stage-1` by number. */
  readonly stage: string;
  /** The instruction: FROM, COPY, ADD, RUN or WORKDIR. */
  readonly kind: string;
  /** The Dockerfile, as it was named. */
  readonly file: string;
  /** 1-based line in the user's Dockerfile; of an ONBUILD trigger: its FROM. */
  readonly line: Integer;
  /** False for the context and the like: shown in plain progress, not counted. */
  readonly isStep: boolean;
}

export type MissCode =
  | 'no-record'
  | 'base-changed'
  | 'instruction-changed'
  | 'build-arg-changed'
  | 'env-changed'
  | 'files-changed'
  | 'parent-changed'
  | 'no-cache'
  | 'platform-changed'
  | 'pruned'
  | 'corrupt'
  | 'remote-missing';
export type HitCode = 'same' | 'early-cut-off' | 'relinked';

/** What is other than at the earlier build that a miss is compared with. */
export interface Change {
  /** Of a file, as the step sees it. */
  readonly path?: string;
  /** Of a build argument, a variable, a base image, or a part of the instruction. */
  readonly name?: string;
  /** `content`, `mode 0644→0755`, `owner 0:0→1:1`, `added`, `removed`, `renamed from x`, or `1.2 → 1.3`. */
  readonly what: string;
}

export interface Reason<Code extends string = MissCode | HitCode> {
  readonly code: Code;
  /** For people, without a full stop: `src/server.ts changed (content)`. */
  readonly message: string;
  /** All that changed; empty where nothing can be named. */
  readonly changes: readonly Change[];
}

/** A layer of the image. */
export interface LayerSummary {
  /** sha256 of the uncompressed tar. */
  readonly diffID: DiffID;
  /** Bytes of the uncompressed tar. */
  readonly size: Integer;
}

/** The cache record of a step: found by a hit, made by a miss. */
export interface RecordSummary {
  /** The cache key that it is kept under. */
  readonly key: CacheKey;
  /** Milliseconds since the epoch. */
  readonly createdAt: Integer;
}

export interface Usage {
  readonly cpuMs?: number;
  readonly maxRssBytes?: number;
}

/** The earlier record that a miss is explained with, and which parts of the keys are the same. */
export interface Compared {
  /** sha256 of all that the earlier record's result depended on. */
  readonly key: CacheKey;
  /** Milliseconds since the epoch. */
  readonly createdAt: Integer;
  /** Names of fields, `content` and `inputs`; docs/cache.md says what each is. */
  readonly same: readonly string[];
  /** Those that differ, named alike. */
  readonly other: readonly string[];
}

/**
 * What the time goes to. Of the build: open, parse, lower, close. On their own, and many at a time: start-worker, take-in (a layer's bytes
 * into the root), compress (a layer into a blob). Of the export: write. Of every step: key (with select, the files of a COPY), look-up, wait (for one
 * of the `--jobs` slots), run, record; in a RUN's run: layers, network, mounts, mount, process, commit; in a COPY's: base, write.
 */
export type PhaseName =
  | 'open'
  | 'parse'
  | 'lower'
  | 'close'
  | 'start-worker'
  | 'take-in'
  | 'compress'
  | 'write'
  | 'key'
  | 'select'
  | 'look-up'
  | 'wait'
  | 'run'
  | 'record'
  | 'layers'
  | 'network'
  | 'mounts'
  | 'mount'
  | 'process'
  | 'commit'
  | 'base';

/** Times are milliseconds since the build began. */
export type BuildEvent =
  | { readonly type: 'steps-planned'; readonly steps: readonly StepInfo[] }
  | { readonly type: 'step-started'; readonly id: string; readonly atMs: number }
  | {
      readonly type: 'step-hit';
      readonly id: string;
      readonly atMs: number;
      readonly reason: Reason<HitCode>;
      readonly savedMs: number;
      readonly layer?: LayerSummary;
      readonly record?: RecordSummary;
    }
  | {
      readonly type: 'step-missed';
      readonly id: string;
      readonly atMs: number;
      readonly reason: Reason<MissCode>;
      readonly compared?: Compared;
    }
  | {
      readonly type: 'step-output';
      readonly id: string;
      readonly atMs: number;
      readonly stream: 'stdout' | 'stderr';
      readonly data: Uint8Array;
    }
  | {
      readonly type: 'step-done';
      readonly id: string;
      readonly atMs: number;
      readonly layer?: LayerSummary;
      readonly usage?: Usage;
      readonly record?: RecordSummary;
      readonly logFile?: string;
      readonly earlyCutOff?: boolean;
    }
  | {
      readonly type: 'step-failed';
      readonly id: string;
      readonly atMs: number;
      readonly message: string;
      /** It missed and must not: nothing of it ran. */
      readonly refused?: boolean;
      readonly logFile?: string;
    }
  | { readonly type: 'step-cancelled'; readonly id: string; readonly atMs: number }
  /** Work that belongs to no step: resolving a name, pulling a blob, exporting. `id` groups updates. */
  | { readonly type: 'activity-started'; readonly id: string; readonly name: string; readonly atMs: number }
  | {
      readonly type: 'activity-progress';
      readonly id: string;
      readonly item: string;
      readonly done: number;
      readonly total?: number;
      readonly atMs: number;
    }
  | { readonly type: 'activity-done'; readonly id: string; readonly atMs: number; readonly error?: string }
  /** Told when it has ended, well or not. Phases of the same step or activity follow or hold each other. */
  | {
      readonly type: 'phase';
      readonly name: PhaseName;
      readonly startedMs: number;
      readonly atMs: number;
      /** Id of the step or activity that it is part of; absent: of the build, or of its own. */
      readonly of?: string;
      /** What it was done to, where there are several: a layer. */
      readonly item?: string;
    }
  /** With a code it is the finding of a build check, and `code` its rule: those are shown together at the end. */
  | { readonly type: 'warning'; readonly message: string; readonly code?: string; readonly step?: string }
  /** One line a person should see once, e.g. `node:20-bookworm-slim: built here 2 h ago`. */
  | { readonly type: 'notice'; readonly message: string }
  /** What would save work next time; shown at the end. */
  | { readonly type: 'hint'; readonly message: string }
  /** One line of plain progress only, e.g. why layers are unpacked here. */
  | { readonly type: 'note'; readonly message: string }
  | {
      readonly type: 'build-done';
      readonly atMs: number;
      readonly result: 'built' | 'failed' | 'cancelled';
      readonly image?: ImageSummary;
      readonly error?: Failure;
    };

/** Why a build was not built. */
export interface Failure {
  /** Stable; the codes are those of errors.md. */
  readonly code: string;
  /** For people. */
  readonly message: string;
}

/** The image that was made. */
export interface ImageSummary {
  /** Of the manifest, or of the index where there are several platforms. */
  readonly digest: Digest;
  /** Of the image config, which docker calls the image ID. */
  readonly configDigest: Digest;
  /** `linux/amd64` */
  readonly platform: string;
  /** The names it was given. */
  readonly tags: readonly string[];
  /** Where it was written, and how many bytes. */
  readonly outputs: readonly Output[];
  /** `3000/tcp`, for the closing line. */
  readonly exposedPorts: readonly string[];
}

/** A place that an image was written to. */
export interface Output {
  /** oci, docker, tar, local, registry or image. */
  readonly type: string;
  /** A file, a directory, a registry's name of the image, or `-` for standard output. */
  readonly dest: string;
  /** Bytes that were written. */
  readonly size: Integer;
  /** An OCI layout that is a directory. */
  readonly isDirectory?: boolean;
  /** Of the manifest in it; absent where there is none. */
  readonly digest?: Digest;
}

export type Emit = (event: BuildEvent) => void;
