import type { CacheKey, DiffID, Digest } from '../../cache/index.ts';

/** The steps of a build, announced once before the first of them starts. Ids are stable within a build: `s1`, `s2`, … */
export interface StepInfo {
  readonly id: string;
  /** `[build 4/6] RUN npm ci` */
  readonly name: string;
  readonly stage: string;
  readonly kind: string;
  readonly file: string;
  /** 1-based line in the user's Dockerfile; of an ONBUILD trigger: its FROM. */
  readonly line: number;
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

export interface Change {
  readonly path?: string;
  readonly name?: string;
  /** content, mode, added, removed, renamed from x, or `1.2 → 1.3`. */
  readonly what: string;
}

export interface Reason<Code extends string = MissCode | HitCode> {
  readonly code: Code;
  /** For people, without a full stop: `src/server.ts changed (content)`. */
  readonly message: string;
  readonly changes: readonly Change[];
}

export interface LayerSummary {
  readonly diffID: DiffID;
  /** Bytes of the uncompressed tar. */
  readonly size: number;
}

/** The cache record of a step: found by a hit, made by a miss. */
export interface RecordSummary {
  readonly key: CacheKey;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

export interface Usage {
  readonly cpuMs?: number;
  readonly maxRssBytes?: number;
}

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
  | { readonly type: 'step-missed'; readonly id: string; readonly atMs: number; readonly reason: Reason<MissCode> }
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
  /** With a code it is the finding of a build check, and `code` its rule: those are shown together at the end. */
  | { readonly type: 'warning'; readonly message: string; readonly code?: string; readonly step?: string }
  /** One line a person should see once, e.g. `node:20-bookworm-slim: built here 2 h ago`. */
  | { readonly type: 'notice'; readonly message: string }
  /** One line of plain progress only, e.g. why layers are unpacked here. */
  | { readonly type: 'note'; readonly message: string }
  | {
      readonly type: 'build-done';
      readonly atMs: number;
      readonly result: 'built' | 'failed' | 'cancelled';
      readonly image?: ImageSummary;
    };

export interface ImageSummary {
  readonly digest: Digest;
  readonly configDigest: Digest;
  readonly platform: string;
  readonly tags: readonly string[];
  readonly outputs: readonly { readonly type: string; readonly dest: string; readonly size: number }[];
  /** `3000/tcp`, for the closing line. */
  readonly exposedPorts: readonly string[];
}

export type Emit = (event: BuildEvent) => void;
