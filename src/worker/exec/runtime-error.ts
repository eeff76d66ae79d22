import type { ErrorCode } from '../../errors.ts';

/** What kept a container from starting. */
export interface RuntimeProblem {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string | undefined;
  /** Present when it is the command's own fault: what a shell would exit with. */
  readonly exitCode?: number;
}

/** @param log of runc, a JSON object a line. undefined when the container did start */
export function explainRuntimeError(log: string): RuntimeProblem | undefined {
  const message = lastError(log);
  if (message === undefined) return undefined;
  const cause = message.replace(/^runc run failed: /, '').replace(/^unable to start container process: /, '');
  if (/^exec: |^exec /.test(cause) || /exec format error|chdir to cwd/.test(cause)) return commandProblem(cause);
  if (cause.includes('uids and gids must be in range')) {
    return {
      code: 'run-user-unknown',
      message: `the user of this RUN is not known to the runtime: ${cause}`,
      hint: 'older runtimes know no ids above 2147483647: take a smaller one, or a newer runtime',
    };
  }
  if (/mount|rootfs/.test(cause)) {
    return {
      code: 'mount-failed',
      message: `a mount of this RUN failed: ${cause}`,
      hint: 'check the targets of its --mount flags',
    };
  }
  return {
    code: 'sandbox-unavailable',
    message: `the sandbox of this RUN cannot be made: ${cause}`,
    hint: 'run tsbuild doctor: it says what this machine lacks',
  };
}

const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;

function commandProblem(message: string): RuntimeProblem {
  const isMissing = /no such file or directory|executable file not found/.test(message);
  return { code: 'run-failed', message, exitCode: isMissing ? NOT_FOUND : NOT_EXECUTABLE };
}

function lastError(log: string): string | undefined {
  for (const line of log.split('\n').reverse()) {
    const entry = parseLine(line);
    if (entry?.level === 'error' || entry?.level === 'fatal') return entry.msg;
  }
  return undefined;
}

function parseLine(line: string): { level: string; msg: string } | undefined {
  try {
    const value = JSON.parse(line) as { level?: unknown; msg?: unknown } | null;
    if (typeof value?.level !== 'string' || typeof value.msg !== 'string') return undefined;
    return { level: value.level, msg: value.msg };
  } catch {
    return undefined;
  }
}
