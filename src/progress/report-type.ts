import type {
  Compared,
  Failure,
  HitCode,
  ImageSummary,
  Integer,
  LayerSummary,
  MissCode,
  Reason,
  RecordSummary,
  StepInfo,
} from './events.ts';

// docs/report.schema.json is made of these types and their comments: `npm run report-schema` writes it anew.

/** What `--report FILE.json` writes, whatever the outcome of the build. */
export interface Report {
  /** A field may be added within a version; none changes its meaning. */
  readonly schemaVersion: 1;
  /** How the build ended. */
  readonly result: 'built' | 'failed' | 'cancelled';
  /** Of the whole build, in milliseconds. */
  readonly durationMs: Integer;
  /** Why it was not built. */
  readonly error?: Failure;
  /** What was made; absent when nothing was exported and no name was given. */
  readonly image?: ImageSummary;
  /** FROM, COPY, ADD, RUN and WORKDIR of the stages that were reached, in the order of the Dockerfile. */
  readonly steps: readonly ReportStep[];
  /** What was printed as a warning. */
  readonly warnings: readonly string[];
  /** What would save work next time, as it was printed. */
  readonly hints: readonly string[];
  /** The steps, counted. */
  readonly summary: ReportSummary;
}

/** A step of the Dockerfile, and what became of it. */
export interface ReportStep extends Omit<StepInfo, 'isStep'> {
  /** `miss`: it ran. `cancelled`: it was stopped, or never reached. */
  readonly status: 'hit' | 'miss' | 'failed' | 'cancelled';
  /** Where the cached result came from: `local`, or the reference of a cache. */
  readonly from: string;
  /** Why it hit or missed; absent where that was not found out. */
  readonly reason?: ReportReason;
  /** Milliseconds since the build began. */
  readonly startedMs: Integer;
  /** In milliseconds. */
  readonly durationMs: Integer;
  /** What a hit cost when it ran, in milliseconds. */
  readonly savedMs: Integer;
  /** Processor time of a RUN in milliseconds, where the kernel tells. */
  readonly cpuMs?: Integer;
  /** The most memory that a RUN had at a time, where the kernel tells. */
  readonly maxRssBytes?: Integer;
  /** What it added to the image; absent when it added nothing, or its size is not known. */
  readonly layer?: LayerSummary;
  /** Its cache record: found by a hit, made by a miss. */
  readonly record?: RecordSummary;
  /** Of a miss: the record that it was compared with. */
  readonly compared?: Compared;
  /** The complete output of a RUN. */
  readonly logFile?: string;
  /** Why it failed. */
  readonly error?: string;
  /** With `failed`: nothing of it ran, for it missed and `--fail-on-miss` forbids that. */
  readonly refused?: boolean;
}

/** Why a step hit or missed. */
export interface ReportReason extends Omit<Reason, 'code'> {
  /** Stable; report.md tells what each means. */
  readonly code: MissCode | HitCode;
  /** It ran again and made what was there before, so the steps on it may hit. */
  readonly earlyCutOff?: boolean;
}

/** The steps of a report, counted. */
export interface ReportSummary {
  /** All of them. */
  readonly steps: Integer;
  /** Those that the cache had. */
  readonly hits: Integer;
  /** Those that ran to their end. */
  readonly misses: Integer;
  /** Those that missed and were not run, for `--fail-on-miss` forbids that; absent where there is none. */
  readonly refused?: Integer;
  /** What all hits cost when they ran, in milliseconds. */
  readonly savedMs: Integer;
  /** Ids of the steps that the build's time was spent on: each began when the one before it had ended. */
  readonly criticalPath: readonly string[];
}
