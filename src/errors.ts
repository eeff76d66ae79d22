/** The one place that lists error codes and the exit status of each. docs/errors.md has a section per code. */
export const CODES = {
  // argv, env or config not understood
  usage: { exit: 2 },
  'not-supported-yet': { exit: 2 },
  'config-invalid': { exit: 2 },
  'setup-missing': { exit: 2 },
  // the Dockerfile
  'dockerfile-missing': { exit: 1 },
  'dockerfile-empty': { exit: 1 },
  'syntax-error': { exit: 1 },
  'unknown-instruction': { exit: 1 },
  'unknown-flag': { exit: 1 },
  'flag-invalid': { exit: 1 },
  'instruction-invalid': { exit: 1 },
  'heredoc-unterminated': { exit: 1 },
  'expansion-failed': { exit: 1 },
  'stage-unknown': { exit: 1 },
  'stage-invalid': { exit: 1 },
  'stage-cycle': { exit: 1 },
  'onbuild-invalid': { exit: 1 },
  'entitlement-missing': { exit: 1 },
  'platform-invalid': { exit: 1 },
  'check-failed': { exit: 1 },
  // the context and COPY/ADD
  'context-missing': { exit: 1 },
  'context-invalid': { exit: 1 },
  'ignore-invalid': { exit: 1 },
  'copy-source-missing': { exit: 1 },
  'copy-conflict': { exit: 1 },
  'copy-invalid': { exit: 1 },
  'epoch-unknown': { exit: 1 },
  'checksum-mismatch': { exit: 1 },
  'http-failed': { exit: 1 },
  'git-failed': { exit: 1 },
  'layer-refused': { exit: 1 },
  // RUN
  'run-failed': { exit: 1 },
  'run-user-unknown': { exit: 1 },
  'mount-failed': { exit: 1 },
  'device-unavailable': { exit: 1 },
  'secret-missing': { exit: 1 },
  'secret-leaked': { exit: 1 },
  'agent-unusable': { exit: 1 },
  'ssh-key-unusable': { exit: 1 },
  'emulation-missing': { exit: 1 },
  'runtime-missing': { exit: 1 },
  'overlay-refused': { exit: 1 },
  'lower-refused': { exit: 1 },
  'layer-damaged': { exit: 1 },
  'sandbox-unavailable': { exit: 1 },
  'disk-full': { exit: 1 },
  'worker-lost': { exit: 1 },
  // images
  'reference-invalid': { exit: 1 },
  'image-not-found': { exit: 1 },
  'image-invalid': { exit: 1 },
  'registry-unreachable': { exit: 1 },
  'registry-denied': { exit: 1 },
  'registry-error': { exit: 1 },
  'output-failed': { exit: 1 },
  'load-failed': { exit: 1 },
  'build-unknown': { exit: 1 },
  'step-unknown': { exit: 1 },
  'root-unusable': { exit: 1 },
  'would-miss': { exit: 1 },
  cancelled: { exit: 130 },
} as const satisfies Record<string, { exit: number }>;

export type ErrorCode = keyof typeof CODES;

/** 1-based lines and columns, end exclusive in columns; as an editor shows them. */
export interface SourceRange {
  readonly file: string;
  readonly startLine: number;
  readonly startColumn: number;
  readonly endLine: number;
  readonly endColumn: number;
}

export interface BuildErrorDetails {
  readonly range?: SourceRange | undefined;
  /** Of the instruction that the range lies in. */
  readonly instruction?: SourceRange | undefined;
  /** The next action of the person who reads it, in one sentence. */
  readonly hint?: string | undefined;
  /** More errors found in the same pass, in source order; rendered after this one. */
  readonly others?: readonly BuildError[];
  readonly cause?: unknown;
  /** The text that ranges of its file are about, when no file can be read for it. */
  readonly source?: SourceText | undefined;
}

export interface SourceText {
  /** As ranges name it. */
  readonly file: string;
  readonly text: string;
}

/**
 * An error that somebody outside can mend: bad input, a missing file, an unreachable registry. Its message holds no secret
 * and no stack. Broken invariants are plain Errors instead.
 */
export class BuildError extends Error {
  override readonly name = 'BuildError';
  readonly code: ErrorCode;
  readonly range: SourceRange | undefined;
  readonly instruction: SourceRange | undefined;
  readonly hint: string | undefined;
  readonly others: readonly BuildError[];
  readonly source: SourceText | undefined;

  constructor(code: ErrorCode, message: string, details: BuildErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.code = code;
    this.range = details.range;
    this.instruction = details.instruction;
    this.hint = details.hint;
    this.others = details.others ?? [];
    this.source = details.source;
  }

  get exitCode(): number {
    return CODES[this.code].exit;
  }

  /** The same error, located; a range that is there already stays. */
  at(range: SourceRange | undefined): BuildError {
    if (this.range !== undefined || range === undefined) return this;
    return this.#with({ range });
  }

  /** The same error, about this instruction. */
  within(instruction: SourceRange): BuildError {
    return this.#with({ instruction });
  }

  /** The same error with the text that it is about. */
  from(source: SourceText): BuildError {
    return this.#with({ source });
  }

  #with(details: BuildErrorDetails): BuildError {
    const { range, instruction, hint, others, source, cause } = this;
    return new BuildError(this.code, this.message, { range, instruction, hint, others, source, cause, ...details });
  }
}

/** The error of a system call that found no room, for people; any other as it is. To be asked for what is written below the root. */
export function asDiskFull(error: unknown): unknown {
  return isDiskFull(error)
    ? new BuildError('disk-full', 'no space is left in the state directory', {
        cause: error,
        hint: 'tsbuild prune frees some, or give another --root',
      })
    : error;
}

export function isDiskFull(error: unknown): boolean {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return code === 'ENOSPC' || code === 'EDQUOT';
}
