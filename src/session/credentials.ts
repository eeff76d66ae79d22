import type { BuildOptions } from '../build-options.ts';
import { type Credential, type CredentialSource, credentialsIn, credentialsOf } from '../sources/registry/index.ts';
import { nowMs } from '../util/clock.ts';

/** What the options say about who asks registries: credentials as they are, or the files that name helpers. */
export function openCredentials(
  { credentials, authFiles = [], workerEnv: env }: Pick<BuildOptions, 'credentials' | 'authFiles' | 'workerEnv'>,
  { signal }: { signal: AbortSignal },
): CredentialSource {
  const given = credentialsOf(credentials);
  const files = credentialsIn(authFiles, {
    askHelper: (name, server) => askHelper(name, server, { env, signal }),
    now: nowMs,
  });
  return {
    async find(host, path) {
      const answer = await given.find(host, path);
      return answer.credential === undefined ? files.find(host, path) : answer;
    },
  };
}

interface Asking {
  readonly env: BuildOptions['workerEnv'];
  readonly signal: AbortSignal;
}

/** What a helper says of a server that it does not know, in the protocol's own words. */
const NOT_FOUND = 'credentials not found in native keychain';
/** A user name by which a helper says that the secret is an identity token. */
const TOKEN_USER = '<token>';

/** The credential helper protocol: the server on stdin of `docker-credential-NAME get`, JSON on its stdout. */
async function askHelper(name: string, server: string, { env, signal }: Asking): Promise<Credential | undefined> {
  const { findProgram, run } = await import('../host/process/index.ts');
  const program = findProgram(`docker-credential-${name}`, env['PATH'] ?? '');
  if (program === undefined) throw new Error('it is not installed');
  const { stdout, exitCode } = await run([program, 'get'], { input: server, env, signal });
  const text = stdout.toString('utf8');
  if (exitCode !== 0) {
    if (text.includes(NOT_FOUND)) return undefined;
    throw new Error(`it failed with exit code ${exitCode}`);
  }
  const { Username: username, Secret: secret } = answerIn(text);
  if (typeof username !== 'string' || typeof secret !== 'string') throw new Error('its answer is not understood');
  if (username === TOKEN_USER) return { username: '', password: '', identityToken: secret };
  return { username, password: secret };
}

function answerIn(text: string): { readonly [name: string]: unknown } {
  try {
    return (JSON.parse(text) ?? {}) as { readonly [name: string]: unknown };
  } catch {
    return {};
  }
}
