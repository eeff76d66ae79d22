import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import type { Readable } from 'node:stream';
import { findProgram } from '../../../host/process/index.ts';

/** A network namespace behind slirp4netns; it ends with this process's pid namespace. */
export interface Slirp {
  readonly namespacePath: string;
  readonly nameServer: string;
  readonly gateway: string;
  isAlive(): boolean;
  end(): void;
}

const TUN = '/dev/net/tun';

/** Why none can be made here, with the command that helps; undefined when it is worth trying. */
export function slirpObstacle(searchPath: string): string | undefined {
  if (findProgram('slirp4netns', searchPath) === undefined)
    return 'slirp4netns is not installed (apt-get install -y slirp4netns)';
  try {
    accessSync(TUN, constants.R_OK | constants.W_OK);
    return undefined;
  } catch {
    return `${TUN} cannot be opened (sudo chmod 0666 ${TUN})`;
  }
}

/** Or why there is none. The host's loopback cannot be reached from inside, but for its name servers. */
export async function openSlirp(searchPath: string, signal: AbortSignal): Promise<Slirp | string> {
  const program = (name: string): string => findProgram(name, searchPath) ?? name;
  // It says when it is inside, then it only holds the namespace.
  const script = 'echo ready; exec cat > /dev/null';
  const holder = spawn(program('unshare'), ['--net', '--', 'sh', '-c', script], { stdio: ['pipe', 'pipe', 'ignore'] });
  const kill = (): void => {
    holder.kill('SIGKILL');
  };
  if (holder.pid === undefined || !(await hasSpoken(holder, { stream: holder.stdout, signal }))) {
    kill();
    return 'network namespaces are refused';
  }
  const flags = ['--configure', '--mtu=65520', '--disable-host-loopback', '--ready-fd=3'];
  const slirp = spawn(program('slirp4netns'), [...flags, String(holder.pid), 'tap0'], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  let said = '';
  slirp.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-MAX_SAID);
  });
  if (!(await hasSpoken(slirp, { stream: slirp.stdio[3] as Readable, signal }))) {
    kill();
    slirp.kill('SIGKILL');
    return `slirp4netns failed: ${said.trim().split('\n').at(-1) ?? ''}`;
  }
  return {
    namespacePath: `/proc/${holder.pid}/ns/net`,
    nameServer: '10.0.2.3',
    gateway: '10.0.2.2',
    isAlive: () => slirp.exitCode === null && slirp.signalCode === null,
    end() {
      slirp.kill('SIGKILL');
      kill();
    },
  };
}

const MAX_SAID = 1000;

/** false when it ends without a word, or the signal comes first. */
function hasSpoken(
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
