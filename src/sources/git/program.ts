import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BuildError } from '../../errors.ts';
import { type ProcessResult, run } from '../../host/process/index.ts';
import { anySignal } from '../../util/any-signal.ts';

export interface GitProgramOptions {
  /** A private directory for the configuration that git gets instead of the system's and the user's. */
  readonly dir: string;
  /** PATH and proxies; nothing else of it reaches git. */
  readonly env: { readonly [name: string]: string | undefined };
  /** Socket of an ssh agent. */
  readonly sshSocket?: string | undefined;
  /** Host path of the certificates to trust; git's own choice when absent. */
  readonly caFile?: string | undefined;
  /** Colon separated; `file` is for tests and for the store of this root only. */
  readonly protocols?: string | undefined;
  /** For each run of git, where its own limit is not shorter. */
  readonly limitMs?: number | undefined;
}

export interface GitCall {
  readonly signal: AbortSignal;
  readonly cwd: string;
  /** Value of an Authorization header for requests below `url`. */
  readonly auth?: { readonly url: string; readonly header: string } | undefined;
  readonly env?: { readonly [name: string]: string } | undefined;
  readonly timeoutMs?: number | undefined;
}

/** Runs git; an exit code other than 0 is a result. @throws BuildError setup-missing, git-failed after the time limit */
export type GitProgram = (args: readonly string[], call: GitCall) => Promise<ProcessResult>;

const PROTOCOLS = 'http:https:ssh:git';
const CONFIG = `[core]
\thooksPath = /dev/null
\tfsmonitor = false
\tautocrlf = false
\tattributesFile = /dev/null
\tlogAllRefUpdates = false
\tprotectHFS = true
\tprotectNTFS = true
[gc]
\tauto = 0
[maintenance]
\tauto = false
[credential]
\thelper =
[protocol "ext"]
\tallow = never
[http]
\tlowSpeedLimit = 1
\tlowSpeedTime = 60
[safe]
\tdirectory = *
[advice]
\tdetachedHead = false
`;
const PASSED = [
  'PATH',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'all_proxy',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'ALL_PROXY',
];
/** What a shell says of a program that it does not find. */
const NOT_FOUND = 127;
const LIMIT_MS = 30 * 60_000;

/** Git without hooks, prompts, helpers, and the configuration of the machine. */
export function gitProgram(options: GitProgramOptions): GitProgram {
  mkdirSync(options.dir, { recursive: true, mode: 0o700 });
  const config = join(options.dir, 'config');
  writeFileSync(config, CONFIG, { mode: 0o600 });
  const base = baseEnv(options, config);
  return async (args, { signal, cwd, auth, env, ...call }) => {
    const timeoutMs = Math.min(call.timeoutMs ?? LIMIT_MS, options.limitMs ?? LIMIT_MS);
    const limit = AbortSignal.timeout(timeoutMs);
    const both = anySignal([signal, limit]);
    try {
      // files are 0644 and 0755 whoever runs this
      const result = await run(['/bin/sh', '-c', 'umask 022; exec git "$@"', 'git', ...args], {
        signal: both,
        cwd,
        env: { ...base, ...authEnv(auth), ...env },
      });
      if (result.exitCode === NOT_FOUND) throw missing();
      return result;
    } catch (error) {
      signal.throwIfAborted();
      if (limit.aborted)
        throw new BuildError('git-failed', `git took more than ${timeoutMs / 1000} s`, {
          cause: error,
          hint: 'try again later, or name a repository that is smaller or nearer',
        });
      if (error instanceof BuildError) throw error;
      throw new BuildError('git-failed', 'git could not be run, or said more than can be read', { cause: error });
    }
  };
}

function missing(): BuildError {
  return new BuildError('setup-missing', 'git is not installed', { hint: 'apt-get install -y git' });
}

function baseEnv(options: GitProgramOptions, config: string): Record<string, string> {
  const passed = PASSED.flatMap((name) => {
    const value = options.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    ...Object.fromEntries(passed),
    HOME: options.dir,
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_SYSTEM: '/dev/null',
    GIT_CONFIG_GLOBAL: config,
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TEMPLATE_DIR: '',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '/bin/false',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_LITERAL_PATHSPECS: '1',
    GIT_ALLOW_PROTOCOL: options.protocols ?? PROTOCOLS,
    GIT_SSH_COMMAND: `ssh -F /dev/null -o BatchMode=yes -o IdentityFile=none -o IdentityAgent=${options.sshSocket === undefined ? 'none' : 'SSH_AUTH_SOCK'}`,
    ...(options.sshSocket === undefined ? {} : { SSH_AUTH_SOCK: options.sshSocket }),
    ...(options.caFile === undefined ? {} : { GIT_SSL_CAINFO: options.caFile }),
  };
}

/** In the environment, not in argv, which everybody can read; for one host only, so that no redirect carries it away. */
function authEnv(auth: GitCall['auth']): Record<string, string> {
  if (auth === undefined) return {};
  return {
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: `http.${new URL('/', auth.url).href}.extraHeader`,
    GIT_CONFIG_VALUE_0: `Authorization: ${auth.header}`,
  };
}
