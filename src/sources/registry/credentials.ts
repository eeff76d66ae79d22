import { BuildError } from '../../errors.ts';
import { canonicalHost } from './endpoints.ts';

export interface Credential {
  readonly username: string;
  readonly password: string;
  /** An OAuth2 refresh token, given instead of a password. */
  readonly identityToken?: string | undefined;
  /** The bearer token itself, which nobody has to be asked for. */
  readonly registryToken?: string | undefined;
}

/** By host as docker's config.json writes it: `registry.example:5000`, `https://index.docker.io/v1/`; a path may follow. */
export type Credentials = ReadonlyMap<string, Credential>;

export interface CredentialAnswer {
  readonly credential?: Credential | undefined;
  /** Where it comes from, or why there is none; for messages. */
  readonly from?: string | undefined;
}

export interface CredentialSource {
  /** @param path inside the registry: `library/node` */
  find(host: string, path: string): Promise<CredentialAnswer>;
}

/** One file that tools log in with: docker's config.json or podman's auth.json. */
export interface AuthFile {
  readonly file: string;
  readonly auths: Credentials;
  /** Host → name of its helper; `docker-credential-NAME` is the program. */
  readonly helpers: ReadonlyMap<string, string>;
  /** The helper of every other host. */
  readonly store: string | undefined;
}

/** Asks `docker-credential-NAME get`; undefined: it has none. @throws Error in words when it cannot be asked */
export type AskHelper = (name: string, server: string) => Promise<Credential | undefined>;

/** @throws BuildError config-invalid */
export function parseAuthFile(text: string, file: string): AuthFile {
  const parsed = jsonOf(text, file);
  const auths = new Map<string, Credential>();
  for (const [host, entry] of entriesOf(parsed['auths'])) {
    const credential = credentialIn(entry);
    if (credential !== undefined) auths.set(host, credential);
  }
  const helpers = new Map<string, string>();
  for (const [host, name] of entriesOf(parsed['credHelpers'])) {
    if (typeof name === 'string') helpers.set(host, helperName(name, file));
  }
  const store = parsed['credsStore'];
  const hasStore = typeof store === 'string' && store !== '';
  return { file, auths, helpers, store: hasStore ? helperName(store, file) : undefined };
}

export interface CredentialDeps {
  readonly askHelper: AskHelper;
  /** In milliseconds. */
  readonly now: () => number;
}

/** What a helper gives may end while a long build runs. */
const HELPER_COUNTS_MS = 10 * 60 * 1000;

/** The first file that has an answer gives it; in a file a host's own helper comes first, then the store, then what is written there. */
export function credentialsIn(files: readonly AuthFile[], { askHelper, now }: CredentialDeps): CredentialSource {
  const asked = new Map<string, { answer: Promise<CredentialAnswer>; untilMs: number }>();
  const ask = (name: string, server: string): Promise<CredentialAnswer> => {
    const key = `${name} ${server}`;
    const known = asked.get(key);
    if (known !== undefined && known.untilMs > now()) return known.answer;
    const answer = answerOf(name, server, askHelper);
    asked.set(key, { answer, untilMs: now() + HELPER_COUNTS_MS });
    return answer;
  };
  return {
    async find(host, path) {
      const said: string[] = [];
      for (const file of files) {
        const found = await findIn(file, { host, path, ask });
        if (found.credential !== undefined) return found;
        if (found.from !== undefined) said.push(found.from);
      }
      return said.length === 0 ? {} : { from: said.join('; ') };
    },
  };
}

export function credentialsOf(credentials: Credentials | CredentialSource): CredentialSource {
  if ('find' in credentials) return credentials;
  return { find: (host, path) => Promise.resolve({ credential: mostSpecific(credentials, host, path) }) };
}

interface Wanted {
  readonly host: string;
  readonly path: string;
  readonly ask: (name: string, server: string) => Promise<CredentialAnswer>;
}

async function findIn(file: AuthFile, { host, path, ask }: Wanted): Promise<CredentialAnswer> {
  const helper = mostSpecific(file.helpers, host, path) ?? file.store;
  const server = canonicalHost(host) === 'docker.io' ? 'https://index.docker.io/v1/' : host;
  const answer = helper === undefined ? {} : await ask(helper, server);
  if (answer.credential !== undefined) return answer;
  const written = mostSpecific(file.auths, host, path);
  return written === undefined ? answer : { credential: written, from: file.file };
}

async function answerOf(name: string, server: string, askHelper: AskHelper): Promise<CredentialAnswer> {
  const program = `docker-credential-${name}`;
  try {
    const credential = await askHelper(name, server);
    return credential === undefined ? {} : { credential, from: program };
  } catch (error) {
    return { from: `${program}: ${(error as Error).message}` };
  }
}

/** `registry.example/team` before `registry.example`, as podman's auth.json has them. */
function mostSpecific<T>(entries: ReadonlyMap<string, T>, host: string, path: string): T | undefined {
  const wanted = canonicalHost(host);
  let best: { length: number; value: T } | undefined;
  for (const [name, value] of entries) {
    const place = name.replace(/^https?:\/\//i, '').replace(/\/+$/, '');
    const slash = place.indexOf('/');
    const prefix = slash < 0 || /^v[12]$/.test(place.slice(slash + 1)) ? '' : place.slice(slash + 1);
    if (canonicalHost(slash < 0 ? place : place.slice(0, slash)) !== wanted) continue;
    const isInside = prefix === '' || path === prefix || path.startsWith(`${prefix}/`);
    if (isInside && (best === undefined || prefix.length > best.length)) best = { length: prefix.length, value };
  }
  return best?.value;
}

function credentialIn(entry: unknown): Credential | undefined {
  const { auth, username, password, identitytoken, registrytoken } = isObject(entry) ? entry : {};
  const tokens = {
    ...(isGiven(identitytoken) ? { identityToken: identitytoken } : {}),
    ...(isGiven(registrytoken) ? { registryToken: registrytoken } : {}),
  };
  if (typeof username === 'string' && typeof password === 'string') return { username, password, ...tokens };
  const decoded = typeof auth === 'string' ? Buffer.from(auth, 'base64').toString('utf8').replace(/\0+$/, '') : '';
  const colon = decoded.indexOf(':');
  if (colon > 0) return { username: decoded.slice(0, colon), password: decoded.slice(colon + 1), ...tokens };
  return Object.keys(tokens).length === 0 ? undefined : { username: '', password: '', ...tokens };
}

function isGiven(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** It becomes part of a program's name, so it names no directory. */
function helperName(name: string, file: string): string {
  if (/^[\w.-]+$/.test(name)) return name;
  throw new BuildError('config-invalid', `${file}: ${JSON.stringify(name)} is not the name of a credential helper`, {
    hint: 'the name is what follows docker-credential- in the name of its program',
  });
}

function jsonOf(text: string, file: string): { readonly [name: string]: unknown } {
  try {
    const parsed = JSON.parse(text) as unknown;
    if (isObject(parsed)) return parsed;
  } catch {
    // The parser's own words may quote the file, which holds passwords.
  }
  throw new BuildError('config-invalid', `${file} is not a JSON object`);
}

function entriesOf(value: unknown): [string, unknown][] {
  return isObject(value) ? Object.entries(value) : [];
}

function isObject(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
