import { constants } from 'node:os';

export interface RunProcessOptions {
  readonly signal: AbortSignal;
  /** Bytes for standard input, which is empty otherwise. */
  readonly input?: Uint8Array | string | undefined;
  /** The whole environment; this process's own when absent. */
  readonly env?: { readonly [name: string]: string | undefined } | undefined;
  readonly cwd?: string | undefined;
}

export interface ProcessResult {
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  /** 128 + n after signal n, as a shell has it. */
  readonly exitCode: number;
}

/**
 * Runs a program to its end. An exit code other than 0 is a result, not an error.
 * @throws the spawn error (`code` ENOENT and so on) when it cannot be started, the signal's reason after an abort
 */
export async function run(argv: readonly string[], options: RunProcessOptions): Promise<ProcessResult> {
  const { signal, input = '', env, cwd } = options;
  const [file = '', ...args] = argv;
  signal.throwIfAborted();
  // with the first program: most cached builds run none
  const { execa } = await import('execa');
  const result = await execa(file, args, {
    input,
    cancelSignal: signal,
    encoding: 'buffer',
    reject: false,
    stripFinalNewline: false,
    ...(env === undefined ? {} : { env: withoutUndefined(env), extendEnv: false }),
    ...(cwd === undefined ? {} : { cwd }),
  });
  signal.throwIfAborted();
  if (result.exitCode === undefined && result.signal === undefined) throw startError(result.cause, file);
  return {
    stdout: Buffer.from(result.stdout),
    stderr: Buffer.from(result.stderr),
    exitCode: result.exitCode ?? SIGNAL_BASE + signalNumber(result.signal),
  };
}

const SIGNAL_BASE = 128;

function signalNumber(name: string | undefined): number {
  const numbers: Readonly<Record<string, number>> = constants.signals;
  return numbers[name ?? ''] ?? 0;
}

function startError(cause: unknown, file: string): Error {
  return cause instanceof Error ? cause : new Error(`${file} could not be started`);
}

export function withoutUndefined(env: { readonly [name: string]: string | undefined }): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((pair): pair is [string, string] => pair[1] !== undefined));
}
