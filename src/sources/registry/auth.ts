import { BuildError } from '../../errors.ts';
import type { Http } from '../../host/net/index.ts';
import { canonicalHost, type Endpoint } from './endpoints.ts';
import { denied, refusal } from './problems.ts';
import { readLimited } from './read-limited.ts';

export interface Credential {
  readonly username: string;
  readonly password: string;
}

/** By host as docker's config.json writes it: `registry.example:5000`, `https://index.docker.io/v1/`. */
export type Credentials = ReadonlyMap<string, Credential>;

export interface AuthorizerOptions {
  readonly http: Http;
  readonly credentials: Credentials;
  readonly now: () => number;
}

export interface Challenged {
  readonly endpoint: Endpoint;
  /** Path inside the registry: `library/node`. */
  readonly path: string;
  readonly signal: AbortSignal;
}

/** Knows how to prove to an endpoint who asks: basic, or bearer tokens (distribution's token authentication), kept while they last. */
export class Authorizer {
  readonly #options: AuthorizerOptions;
  readonly #known = new Map<string, { header: string; untilMs: number }>();

  constructor(options: AuthorizerOptions) {
    this.#options = options;
  }

  /** The Authorization header that worked before. */
  remembered(endpoint: Endpoint, path: string): string | undefined {
    const found = this.#known.get(keyOf(endpoint, path));
    return found !== undefined && found.untilMs > this.#options.now() ? found.header : undefined;
  }

  /**
   * Answers a 401's WWW-Authenticate; undefined when there is nothing to answer with.
   * @throws BuildError registry-denied, registry-error; HttpError
   */
  async answer(challenge: string, asked: Challenged): Promise<string | undefined> {
    const { endpoint, path } = asked;
    this.#known.delete(keyOf(endpoint, path));
    const scheme = /^\s*(\w+)/.exec(challenge)?.[1]?.toLowerCase();
    const credential = this.credentialFor(endpoint.host);
    if (scheme === 'basic') {
      if (credential === undefined) return undefined;
      return this.#remember(asked, { header: basic(credential), seconds: FOREVER_S });
    }
    if (scheme !== 'bearer') return undefined;
    const token = await this.#token(parametersOf(challenge), { ...asked, credential });
    return this.#remember(asked, { header: `Bearer ${token.text}`, seconds: token.seconds });
  }

  credentialFor(host: string): Credential | undefined {
    const wanted = canonicalHost(host);
    for (const [name, credential] of this.#options.credentials) {
      if (canonicalHost(name.replace(/^https?:\/\//i, '').replace(/\/.*$/, '')) === wanted) return credential;
    }
    return undefined;
  }

  /** For messages: never the password. */
  describe(host: string): string {
    const credential = this.credentialFor(host);
    return credential === undefined
      ? 'no credentials'
      : `the credentials of user ${JSON.stringify(credential.username)}`;
  }

  #remember({ endpoint, path }: Challenged, { header, seconds }: { header: string; seconds: number }): string {
    this.#known.set(keyOf(endpoint, path), { header, untilMs: this.#options.now() + seconds * 1000 - EARLY_MS });
    return header;
  }

  async #token(
    challenge: ReadonlyMap<string, string>,
    asked: Challenged & { credential: Credential | undefined },
  ): Promise<{ text: string; seconds: number }> {
    const { endpoint, path, credential, signal } = asked;
    const url = realmURL(challenge, endpoint);
    url.searchParams.set('scope', challenge.get('scope') ?? `repository:${path}:pull`);
    const service = challenge.get('service');
    if (service !== undefined) url.searchParams.set('service', service);
    if (credential !== undefined) url.searchParams.set('account', credential.username);
    const isSafe = url.protocol === 'https:' || endpoint.base.startsWith('http:') || endpoint.insecure;
    const headers = credential !== undefined && isSafe ? { authorization: basic(credential) } : {};
    const response = await this.#options.http.request({
      url: url.href,
      headers,
      signal,
      insecure: endpoint.insecure,
      ca: endpoint.ca,
    });
    const about = {
      repository: `${endpoint.host}/${path}`,
      what: 'token',
      credential: this.describe(endpoint.host),
      host: endpoint.host,
    };
    if (response.status === 400 || response.status === 401 || response.status === 403) {
      await response.discard();
      throw denied(about);
    }
    if (response.status !== 200) throw await refusal(response, { ...about, host: url.host });
    return tokenOf(await readLimited(response.body, MAX_TOKEN_BYTES), url.host);
  }
}

const FOREVER_S = 365 * 24 * 3600;
const EARLY_MS = 10_000;
const DEFAULT_SECONDS = 60;
const MAX_TOKEN_BYTES = 1024 * 1024;

function keyOf(endpoint: Endpoint, path: string): string {
  return `${endpoint.base} ${path}`;
}

function basic({ username, password }: Credential): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

function parametersOf(challenge: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const match of challenge.slice(0, 4096).matchAll(/(\w+)=(?:"([^"]*)"|([^\s,"]+))/g)) {
    found.set((match[1] ?? '').toLowerCase(), match[2] ?? match[3] ?? '');
  }
  return found;
}

function realmURL(challenge: ReadonlyMap<string, string>, endpoint: Endpoint): URL {
  const realm = challenge.get('realm') ?? '';
  const url = URL.canParse(realm) ? new URL(realm) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new BuildError('registry-error', `${endpoint.host} asks for a token without saying where to get one`);
  }
  return url;
}

function tokenOf(bytes: Buffer | undefined, host: string): { text: string; seconds: number } {
  try {
    const parsed = JSON.parse(bytes?.toString('utf8') ?? '') as { [name: string]: unknown } | null;
    const text = parsed?.['token'] ?? parsed?.['access_token'];
    const seconds = parsed?.['expires_in'];
    if (typeof text === 'string' && /^[\x21-\x7e]+$/.test(text)) {
      return {
        text,
        seconds: typeof seconds === 'number' && seconds > 0 ? Math.max(seconds, DEFAULT_SECONDS) : DEFAULT_SECONDS,
      };
    }
  } catch {
    // Not JSON: said below.
  }
  throw new BuildError('registry-error', `${host} gave no token`);
}
