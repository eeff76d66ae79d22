import { createReadStream, type Stats, statSync } from 'node:fs';
import type { Root } from '../../cache/index.ts';
import type { BuildOptions } from '../build-options.ts';
import { BuildError, type BuildErrorDetails } from '../errors.ts';
import type { KeyProblem, SigningKey } from '../host/ssh/index.ts';
import { DisposableStack } from '../util/async-disposable-stack.ts';

/** The agents of `--ssh` by id, as they are reached. */
export interface SshAgents extends AsyncDisposable {
  /** The path of an agent's socket. */
  readonly path: (id: string) => string | undefined;
  /** The same, short enough for every program that this process starts. */
  readonly shortPath: (id: string) => string | undefined;
}

interface Agent {
  readonly path: string;
  readonly shortPath: string;
}

type Rooted = Pick<Root, 'tempPath'>;

/** As much of a file as BuildKit looks at. */
const MAX_KEY_BYTES = 100 * 1024;

/**
 * Looks at what the ids name. For private keys there is an agent of this process, until the build's end, with a socket below the root's `tmp`.
 * @throws BuildError agent-unusable, ssh-key-unusable
 */
export async function openAgents(given: BuildOptions['ssh'], root: Rooted): Promise<SshAgents> {
  await using owned = new DisposableStack();
  const agents = new Map<string, Agent>();
  for (const [id, paths] of given) agents.set(id, await openAgent(id, paths, { root, owned }));
  const resources = owned.move();
  return {
    path: (id) => agents.get(id)?.path,
    shortPath: (id) => agents.get(id)?.shortPath,
    [Symbol.asyncDispose]: () => resources[Symbol.asyncDispose](),
  };
}

async function openAgent(
  id: string,
  paths: readonly string[],
  { root, owned }: { readonly root: Rooted; readonly owned: DisposableStack },
): Promise<Agent> {
  const [first] = paths;
  if (first === undefined) throw unusable(id, 'names neither an agent nor a key');
  const sockets = paths.filter((path) => isSocket(id, path));
  if (sockets.length === 0) return owned.use(await serveKeyFiles(id, paths, root));
  if (sockets.length < paths.length)
    throw unusable(id, 'invalid combination of keys and sockets', { hint: ONE_OR_KEYS });
  if (sockets.length > 1) throw unusable(id, 'only single socket allowed', { hint: ONE_OR_KEYS });
  return { path: first, shortPath: first };
}

const ONE_OR_KEYS = 'name the socket of one agent, or private keys: each further id has an agent of its own';

function isSocket(id: string, path: string): boolean {
  const stat = statOf(id, path);
  if (stat === undefined) throw unusable(id, `${path} is not there`);
  if (stat.isDirectory())
    throw unusable(id, `${path} is a directory`, { hint: 'name a private key, or the socket of an agent' });
  return stat.isSocket();
}

function statOf(id: string, path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw unreadable(id, path, error);
  }
}

async function serveKeyFiles(id: string, paths: readonly string[], root: Rooted) {
  const { serveKeys } = await import('../host/ssh/index.ts');
  const keys: SigningKey[] = [];
  for (const path of paths) keys.push(await readKey(id, path));
  const place = root.tempPath('agent');
  return serveKeys(keys, place).catch((error: unknown) => {
    const hint = 'give a state directory on another file system with --root DIR';
    throw unusable(id, `no socket can be made at ${place}: ${(error as Error).message}`, { hint, cause: error });
  });
}

async function readKey(id: string, path: string): Promise<SigningKey> {
  const { KeyFileError, parseKeyFile } = await import('../host/ssh/index.ts');
  const text = await readStart(id, path);
  try {
    return parseKeyFile(text);
  } catch (error) {
    if (!(error instanceof KeyFileError)) throw error;
    const [what, hint] = WORDS[error.problem];
    throw new BuildError('ssh-key-unusable', `--ssh ${id}: ${path} ${what}`, { hint: hint(path, id) });
  }
}

/** Also of what is no regular file, such as the pipe of a shell's `<(…)`. */
async function readStart(id: string, path: string): Promise<string> {
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of createReadStream(path, { end: MAX_KEY_BYTES - 1 })) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString('latin1');
  } catch (error) {
    throw unreadable(id, path, error);
  }
}

const WORDS: Readonly<Record<KeyProblem, readonly [what: string, hint: (path: string, id: string) => string]>> = {
  none: ['holds no private key', () => 'name a private key as ssh-keygen writes it, or the socket of an agent'],
  public: ['holds a public key', (path) => `name its private key: ${path.replace(/\.pub$/, '')}`],
  encrypted: [
    'is passphrase protected',
    (path, id) => `hand it to an agent, which asks for the passphrase: ssh-add ${path}, then --ssh ${id}`,
  ],
  unsupported: ['is a key of a kind that is not supported', () => 'take an Ed25519, RSA or ECDSA key of NIST’s curves'],
  broken: ['holds a private key that is damaged', () => 'copy or make it again'],
};

function unusable(id: string, what: string, details: BuildErrorDetails = {}): BuildError {
  return new BuildError('agent-unusable', `--ssh ${id}: ${what}`, { hint: START_ONE, ...details });
}

function unreadable(id: string, path: string, error: unknown): BuildError {
  const { code = 'unknown' } = error as NodeJS.ErrnoException;
  return unusable(id, `${path} cannot be read: ${code}`, {
    hint: 'name a private key that you may read',
    cause: error,
  });
}

const START_ONE = 'name a private key, or start ssh-agent and hand it the key with ssh-add; then pass --ssh default';
