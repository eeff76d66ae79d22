import { BuildError } from '../../errors.ts';
import type { Http } from '../../host/net/index.ts';
import { parseChallenges } from './challenge.ts';
import type { Credential, CredentialAnswer, CredentialSource } from './credentials.ts';
import type { Endpoint } from './endpoints.ts';
import { denied, refusal } from './problems.ts';
import { readLimited } from './read-limited.ts';

export interface AuthorizerOptions {
  readonly http: Http;
  readonly credentials: CredentialSource;
  readonly now: () => number;
}

export interface Challenged {
  readonly endpoint: Endpoint;
  /** Path inside the registry: `library/node`. */
  readonly path: string;
  /** What the request does; a token to read does not serve to write. */
  readonly access: Access;
  readonly signal: AbortSignal;
}

export type Access = 'pull' | 'pull,push';

/** Knows how to prove to an endpoint who asks: basic, or bearer tokens (distribution's token authentication), kept while they last. */
export class Authorizer {
  readonly #options: AuthorizerOptions;
  readonly #known = new Map<string, { header: string; untilMs: number }>();

  constructor(options: AuthorizerOptions) {
    this.#options = options;
  }

  /** The Authorization header that worked before. */
  remembered(asked: Omit<Challenged, 'signal'>): string | undefined {
    const found = this.#known.get(keyOf(asked));
    return found !== undefined && found.untilMs > this.#options.now() ? found.header : undefined;
  }

  /**
   * Answers a 401's WWW-Authenticate, with a token where it offers that; undefined when there is nothing to answer with.
   * @throws BuildError registry-denied, registry-error; HttpError
   */
  async answer(header: string, asked: Challenged): Promise<string | undefined> {
    this.#known.delete(keyOf(asked));
    const challenges = parseChallenges(header);
    const { credential } = await this.#find(asked);
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
    if (bearer !== undefined) {
      const token = await this.#token(bearer.parameters, { ...asked, credential });
      return this.#remember(asked, { header: `Bearer ${token.text}`, seconds: token.seconds });
    }
    if (!challenges.some(({ scheme }) => scheme === 'basic')) return undefined;
    if (credential === undefined || credential.username === '') return undefined;
    return this.#remember(asked, { header: basic(credential), seconds: FOREVER_S });
  }

  /** For messages: never the password. */
  async describe(asked: Pick<Challenged, 'endpoint' | 'path'>): Promise<string> {
    const { credential, from } = await this.#find(asked);
    const source = from === undefined ? '' : ` (${from})`;
    if (credential === undefined) return `no credentials${source}`;
    const who = credential.username === '' ? 'a token' : `user ${JSON.stringify(credential.username)}`;
    return `the credentials of ${who}${source}`;
  }

  #find({ endpoint, path }: Pick<Challenged, 'endpoint' | 'path'>): Promise<CredentialAnswer> {
    return this.#options.credentials.find(endpoint.host, path);
  }

  #remember(asked: Challenged, { header, seconds }: { header: string; seconds: number }): string {
    this.#known.set(keyOf(asked), { header, untilMs: this.#options.now() + seconds * 1000 - EARLY_MS });
    return header;
  }

  async #token(
    challenge: ReadonlyMap<string, string>,
    asked: Challenged & { credential: Credential | undefined },
  ): Promise<{ text: string; seconds: number }> {
    const { endpoint, path, credential } = asked;
    if (credential?.registryToken !== undefined) return { text: credential.registryToken, seconds: FOREVER_S };
    const response = await this.#options.http.request({
      ...tokenRequest(challenge, asked),
      signal: asked.signal,
      insecure: endpoint.insecure,
      ca: endpoint.ca,
    });
    const about = {
      repository: `${endpoint.host}/${path}`,
      what: 'token',
      credential: await this.describe(asked),
      host: endpoint.host,
    };
    if (response.status === 400 || response.status === 401 || response.status === 403) {
      await response.discard();
      throw denied(about);
    }
    if (response.status !== 200) throw await refusal(response, { ...about, host: urlHost(response.url) });
    return tokenOf(await readLimited(response.body, MAX_TOKEN_BYTES), urlHost(response.url));
  }
}

const FOREVER_S = 365 * 24 * 3600;
const EARLY_MS = 10_000;
const DEFAULT_SECONDS = 60;
const MAX_TOKEN_BYTES = 1024 * 1024;

function keyOf({ endpoint, path, access }: Omit<Challenged, 'signal'>): string {
  return `${endpoint.base} ${path} ${access}`;
}

function urlHost(url: string): string {
  return new URL(url).host;
}

interface TokenRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: { readonly [name: string]: string };
  readonly body?: Uint8Array | undefined;
}

/** A GET with the password, or OAuth2's POST with a refresh token (distribution's token authentication). */
function tokenRequest(
  challenge: ReadonlyMap<string, string>,
  { endpoint, path, access, credential }: Challenged & { credential: Credential | undefined },
): TokenRequest {
  const url = realmURL(challenge, endpoint);
  const scope = challenge.get('scope') ?? `repository:${path}:${access}`;
  const service = challenge.get('service');
  const isSafe = isSafeFor(url, endpoint);
  if (isSafe && credential?.identityToken !== undefined) {
    const form = new URLSearchParams({ grant_type: 'refresh_token', client_id: 'tsbuild', scope });
    if (service !== undefined) form.set('service', service);
    form.set('refresh_token', credential.identityToken);
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return { url: url.href, method: 'POST', headers, body: Buffer.from(form.toString()) };
  }
  for (const one of scope.split(' ')) url.searchParams.append('scope', one);
  if (service !== undefined) url.searchParams.set('service', service);
  if (credential !== undefined) url.searchParams.set('account', credential.username);
  const headers = credential !== undefined && isSafe ? { authorization: basic(credential) } : {};
  return { url: url.href, method: 'GET', headers };
}

/** What proves who asks crosses no network in clear, unless the registry itself is reached so. */
function isSafeFor(url: URL, endpoint: Endpoint): boolean {
  return url.protocol === 'https:' || endpoint.base.startsWith('http:') || endpoint.insecure;
}

function basic({ username, password }: Credential): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
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
