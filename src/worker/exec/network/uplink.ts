import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { findProgram } from '../../../host/process/index.ts';

/** A network namespace behind a program that carries its traffic; both end with this process's pid namespace. */
export interface Uplink {
  readonly namespacePath: string;
  /** Answers for the host's name servers. */
  readonly nameServer: string;
  readonly gateway: string;
  isAlive(): boolean;
  end(): void;
}

export interface UplinkOptions {
  readonly searchPath: string;
  /** On a tmpfs of this process's mount namespace. */
  readonly runDir: string;
  readonly signal: AbortSignal;
}

export interface Holder {
  readonly pid: number;
  readonly namespacePath: string;
  kill(): void;
}

/** A process that only holds a new network namespace; undefined where that is refused. */
export async function openHolder({ searchPath, signal }: UplinkOptions): Promise<Holder | undefined> {
  // It says when it is inside.
  const script = 'echo ready; exec cat > /dev/null';
  const program = findProgram('unshare', searchPath) ?? 'unshare';
  const holder = spawn(program, ['--net', '--', 'sh', '-c', script], { stdio: ['pipe', 'pipe', 'ignore'] });
  const kill = (): void => {
    holder.kill('SIGKILL');
  };
  const { pid } = holder;
  if (pid !== undefined && (await hasSpoken(holder, { stream: holder.stdout, signal })))
    return { pid, namespacePath: `/proc/${pid}/ns/net`, kill };
  kill();
  return undefined;
}

/** What a RUN sees of it. */
export const INTERFACE = 'eth0';

export const NAMESPACES_REFUSED = 'network namespaces are refused';

/** The end of what a program says on its standard error. */
export function lastWords(child: ChildProcess): () => string {
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-MAX_SAID);
  });
  return () => said.trim().split('\n').at(-1) ?? '';
}

const MAX_SAID = 1000;

/** false when it ends without a word, or the signal comes first. */
export function hasSpoken(
  child: ChildProcess,
  { stream, signal }: { stream: Readable | null; signal: AbortSignal },
): Promise<boolean> {
  return new Promise((resolve) => {
    stream?.once('data', () => resolve(true));
    child.once('error', () => resolve(false));
    child.once('exit', () => resolve(false));
    signal.addEventListener('abort', () => resolve(false), { once: true });
  });
}
