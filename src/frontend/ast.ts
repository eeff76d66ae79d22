import type { BuildError, SourceRange } from '../errors.ts';

/** What parseDockerfile makes of a text: always something, never a throw. All of it is frozen. */
export interface Dockerfile {
  readonly file: string;
  /** The text as it was read, for excerpts. */
  readonly text: string;
  readonly directives: Directives;
  /** In source order; those with a syntax error are left out. */
  readonly instructions: readonly Instruction[];
  /** Every syntax error of the file, in source order. A build stops when there is one. */
  readonly errors: readonly BuildError[];
  /** False when an error is of the text itself: BuildKit stops there before it looks at any instruction. */
  readonly isLegible: boolean;
  /** What is wrong with `# check=`; it counts unless a build argument stands in for that. */
  readonly checkError?: BuildError;
  /** Findings that need only the text (empty continuation lines and the like). */
  readonly diagnostics: readonly Diagnostic[];
}

export interface Directives {
  readonly escape: '\\' | '`';
  /** Recorded and never pulled; of a file that no Dockerfile can be (`// syntax=`, JSON), too. */
  readonly syntax?: string;
  /** The value of `# check=`, up to the first blank. */
  readonly check?: string;
}

/** A build check's finding: `code` is the rule's name as BuildKit spells it, e.g. NoEmptyContinuation. */
export interface Diagnostic {
  readonly code: string;
  readonly message: string;
  readonly range: SourceRange;
  /** How to mend it; of tsbuild's own rules. */
  readonly hint?: string;
}

/** A part of an instruction before expansion: text with its quotes and variables as written, continuation lines joined. */
export interface Word {
  readonly text: string;
  readonly range: SourceRange;
}

export interface Flag extends Word {
  /** Without dashes. */
  readonly name: string;
  /** undefined for a bare `--name`; quotes and escapes of the flag syntax are resolved. */
  readonly value: string | undefined;
}

export interface Heredoc {
  /** The delimiter without quotes: also the file name of a COPY heredoc. */
  readonly name: string;
  /** False when the delimiter was quoted. */
  readonly expand: boolean;
  /** `<<-` */
  readonly stripTabs: boolean;
  /** Body with tabs stripped if asked for; ends with a newline unless empty. */
  readonly content: string;
  /** COPY and ADD: the bytes of a body that is no UTF-8 and is not expanded, as latin1. */
  readonly latin1?: string;
  readonly range: SourceRange;
}

interface Common {
  /** Upper case. */
  readonly keyword: string;
  /** As written. */
  readonly keywordText: string;
  /** From the keyword to the end, heredoc bodies included. */
  readonly range: SourceRange;
  /** One line for step names and history: continuation lines joined as BuildKit does (`RUN a     && b`), flags included. */
  readonly text: string;
  readonly flags: readonly Flag[];
  readonly heredocs: readonly Heredoc[];
  /** Comment lines above, from the last empty one on, without `#` and the blank after it. Empty lines do not matter. */
  readonly comments: readonly string[];
}

/** Shell form: one string in `args`. Exec form: the JSON array. */
interface Command {
  readonly form: 'shell' | 'exec';
  readonly args: readonly string[];
}

export interface KeyValue {
  readonly key: string;
  /** As written, quotes included; undefined only for `ARG name`. */
  readonly value: string | undefined;
  readonly range: SourceRange;
}

export interface FromInstruction extends Common {
  readonly kind: 'from';
  readonly image: Word;
  readonly as?: Word;
  readonly asKeywordText?: string;
}
export interface RunInstruction extends Common, Command {
  readonly kind: 'run';
  /** The command is one heredoc and nothing else: `args` is its body, a program if `#!` is how it begins in the file, before tabs are stripped. */
  readonly soleHeredoc?: 'script' | 'program';
}
export interface CmdInstruction extends Common, Command {
  readonly kind: 'cmd';
}
export interface EntrypointInstruction extends Common, Command {
  readonly kind: 'entrypoint';
}
export interface ShellInstruction extends Common {
  readonly kind: 'shell';
  readonly args: readonly string[];
}
/** Sources and dest as written; heredoc sources are in `heredocs` and stand as their `<<NAME` word in `sources`. */
export interface CopyInstruction extends Common {
  readonly kind: 'copy' | 'add';
  readonly sources: readonly Word[];
  readonly dest: Word;
  readonly form: 'words' | 'json';
}
export interface EnvInstruction extends Common {
  readonly kind: 'env';
  readonly pairs: readonly KeyValue[];
  readonly isLegacy: boolean;
}
export interface LabelInstruction extends Common {
  readonly kind: 'label';
  readonly pairs: readonly KeyValue[];
  readonly isLegacy: boolean;
}
export interface ArgInstruction extends Common {
  readonly kind: 'arg';
  readonly pairs: readonly KeyValue[];
}
export interface ExposeInstruction extends Common {
  readonly kind: 'expose';
  readonly ports: readonly Word[];
}
export interface VolumeInstruction extends Common {
  readonly kind: 'volume';
  readonly paths: readonly Word[];
  readonly form: 'words' | 'json';
}
export interface UserInstruction extends Common {
  readonly kind: 'user';
  readonly user: Word;
}
export interface WorkdirInstruction extends Common {
  readonly kind: 'workdir';
  readonly path: Word;
}
export interface StopsignalInstruction extends Common {
  readonly kind: 'stopsignal';
  readonly signal: Word;
}
export interface MaintainerInstruction extends Common {
  readonly kind: 'maintainer';
  readonly name: string;
}
/** Durations in nanoseconds; test is the config's Test array before any shell is put in front. */
export interface HealthcheckInstruction extends Common {
  readonly kind: 'healthcheck';
  readonly test: 'none' | Command;
  readonly intervalNs?: number;
  readonly timeoutNs?: number;
  readonly startPeriodNs?: number;
  readonly startIntervalNs?: number;
  readonly retries?: number;
}
/** The trigger as raw text (heredocs appended), for the image config; parse it with parseInstruction when it fires. */
export interface OnbuildInstruction extends Common {
  readonly kind: 'onbuild';
  readonly trigger: string;
  readonly triggerKeyword: string;
}

export type Instruction =
  | FromInstruction
  | RunInstruction
  | CmdInstruction
  | EntrypointInstruction
  | ShellInstruction
  | CopyInstruction
  | EnvInstruction
  | LabelInstruction
  | ArgInstruction
  | ExposeInstruction
  | VolumeInstruction
  | UserInstruction
  | WorkdirInstruction
  | StopsignalInstruction
  | MaintainerInstruction
  | HealthcheckInstruction
  | OnbuildInstruction;
