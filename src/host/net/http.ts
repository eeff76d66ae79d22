import { Readable } from 'node:stream';
import { setTimeout as sleepFor } from 'node:timers/promises';
import type { Dispatcher } from 'undici';
import { monotonicMs, nowMs } from '../../util/clock.ts';
import { decoded } from '../../util/url-name.ts';
import { Connections } from './connections.ts';
import { HttpError, httpErrorOf, isAuthorityUnknown } from './http-error.ts';
import { withPace } from './pace.ts';
import type { ProxyEnv } from './proxy.ts';
import { backOff, delayAfterError, delayAfterStatus } from './retry.ts';

export interface HttpRequest {
  readonly url: string;
  /** GET unless said otherwise. */
  readonly method?: string | undefined;
  readonly headers?: { readonly [name: string]: string } | undefined;
  /** A function gives the bytes anew for each attempt and redirect; with it, give content-length. */
  readonly body?: Uint8Array | (() => AsyncIterable<Uint8Array>) | undefined;
  readonly signal: AbortSignal;
  /** 10 unless said otherwise; 0 gives the redirect itself. */
  readonly maxRedirects?: number | undefined;
  /** Certificates are not checked. */
  readonly insecure?: boolean | undefined;
  /** PEM certificates to trust for this request, beside the usual ones and those of openHttp. */
  readonly ca?: string | undefined;
}

export interface HttpResponse {
  readonly status: number;
  /** Lower-case names; several values joined by `, `. */
  readonly headers: { readonly [name: string]: string | undefined };
  /** Where it came from in the end. */
  readonly url: string;
  /** Must be read to its end, left early (which closes the connection), or discarded. Throws HttpError. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Lets go of a body nobody reads; waits a second for it at most. */
  discard(): Promise<void>;
}

export interface Http extends AsyncDisposable {
  /**
   * Follows redirects; another host gets no Authorization. GET and HEAD are tried again after 429, 5xx and broken
   * connections, as Retry-After asks. Every status is an answer; @throws HttpError when there is none, the signal's reason when aborted.
   */
  request(request: HttpRequest): Promise<HttpResponse>;
  /** Waits as before another attempt, the first being 1: for those who ask again because a body broke off. */
  pause(attempt: number, options: { readonly signal: AbortSignal }): Promise<void>;
}

export interface HttpOptions {
  /** PEM bundle trusted beside the usual authorities, which are Node's and those of the machine. */
  readonly ca?: string | undefined;
  /** Names proxies, and by SSL_CERT_FILE, SSL_CERT_DIR and NODE_EXTRA_CA_CERTS authorities. */
  readonly proxyEnv: ProxyEnv;
  readonly userAgent: string;
  /** For tests; waits between attempts. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
  /** For tests; the clock that slow answers are measured by. */
  readonly elapsedMs?: () => number;
}

export function openHttp(options: HttpOptions): Http {
  const session: Session = {
    connections: new Connections(options.proxyEnv),
    ca: options.ca === undefined ? [] : [options.ca],
    userAgent: options.userAgent,
    elapsedMs: options.elapsedMs ?? monotonicMs,
    sleep: options.sleep ?? ((ms, signal) => sleepFor(ms, undefined, { signal })),
  };
  return {
    request: (request) => followed(request, session),
    pause: (attempt, { signal }) => session.sleep(backOff(attempt), signal),
    [Symbol.asyncDispose]: () => session.connections.close(),
  };
}

interface Session {
  readonly connections: Connections;
  readonly ca: readonly string[];
  readonly userAgent: string;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly elapsedMs: () => number;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const DEFAULT_REDIRECTS = 10;

async function followed(request: HttpRequest, session: Session): Promise<HttpResponse> {
  const limit = request.maxRedirects ?? DEFAULT_REDIRECTS;
  let current = request;
  for (let hops = 0; ; hops++) {
    const response = await retried(current, session);
    const location = response.headers['location'];
    if (limit === 0 || location === undefined || !REDIRECTS.has(response.status)) return response;
    await response.discard();
    if (hops >= limit)
      throw new HttpError('redirect', `${urlOf(request.url).host} redirects more than ${limit} times`, {
        host: urlOf(request.url).host,
      });
    current = redirected(current, response.status, location);
  }
}

function redirected(request: HttpRequest, status: number, location: string): HttpRequest {
  const from = urlOf(request.url);
  if (!URL.canParse(location, from.href))
    throw new HttpError('redirect', `${from.host} redirects to something that is not a URL`, { host: from.host });
  const to = new URL(location, from);
  const headers = Object.entries(request.headers ?? {}).filter(
    ([name]) => from.origin === to.origin || !PRIVATE_HEADERS.has(name.toLowerCase()),
  );
  const isGet = status === 303 && request.method !== 'HEAD';
  return {
    ...request,
    url: to.href,
    headers: Object.fromEntries(headers),
    ...(isGet ? { method: 'GET', body: undefined } : {}),
  };
}

const PRIVATE_HEADERS = new Set(['authorization', 'cookie', 'proxy-authorization']);
const IDEMPOTENT = new Set(['GET', 'HEAD']);

async function retried(request: HttpRequest, session: Session): Promise<HttpResponse> {
  const mayRepeat = IDEMPOTENT.has(request.method ?? 'GET');
  for (let attempt = 1; ; attempt++) {
    request.signal.throwIfAborted();
    try {
      const response = await sent(request, session);
      const delay = mayRepeat
        ? delayAfterStatus(response.status, response.headers['retry-after'], { attempt, nowMs: nowMs() })
        : undefined;
      if (delay === undefined) return response;
      await response.discard();
      await session.sleep(delay, request.signal);
    } catch (error) {
      request.signal.throwIfAborted();
      const delay = mayRepeat && error instanceof HttpError ? delayAfterError(error, attempt) : undefined;
      if (delay === undefined) throw error;
      await session.sleep(delay, request.signal);
    }
  }
}

async function sent(request: HttpRequest, session: Session): Promise<HttpResponse> {
  const url = urlOf(request.url);
  const trust = {
    insecure: request.insecure === true,
    ca: [...session.ca, ...(request.ca === undefined ? [] : [request.ca])],
  };
  const { dispatcher, proxy } = await session.connections.for(url, trust);
  try {
    const { statusCode, headers, body } = await dispatcher.request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method: (request.method ?? 'GET') as 'GET',
      headers: { 'user-agent': session.userAgent, ...request.headers, ...basicOf(url, request) },
      body: bodyOf(request.body),
      signal: request.signal,
    });
    // one that breaks before it is read must wait for its reader
    body.on('error', () => undefined);
    return {
      status: statusCode,
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
      ),
      url: url.href,
      body: readable(body, { host: url.host, proxy, signal: request.signal, elapsedMs: session.elapsedMs }),
      discard: () => discarded(body),
    };
  } catch (error) {
    request.signal.throwIfAborted();
    if (isAuthorityUnknown(error) && session.connections.trustMachine(url)) return sent(request, session);
    throw httpErrorOf(error, url.host, proxy);
  }
}

/** What is read of a body that nobody wants, so that its connection can be used again; else it is closed. */
const DISCARDED_BYTES = 64 * 1024;
const DISCARD_MS = 1000;

async function discarded(body: Dispatcher.ResponseData['body']): Promise<void> {
  const late = setTimeout(() => body.destroy(), DISCARD_MS);
  await body.dump({ limit: DISCARDED_BYTES }).catch(() => undefined);
  clearTimeout(late);
}

function bodyOf(body: HttpRequest['body']): Uint8Array | Readable | null {
  return typeof body === 'function' ? Readable.from(body(), { objectMode: false }) : (body ?? null);
}

/** `https://user:password@host/`: what the URL says counts unless a header says otherwise. */
function basicOf(url: URL, request: HttpRequest): { authorization?: string } {
  if (url.username === '' || Object.keys(request.headers ?? {}).some((name) => name.toLowerCase() === 'authorization'))
    return {};
  const pair = `${decoded(url.username)}:${decoded(url.password)}`;
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

interface Origin {
  readonly host: string;
  readonly proxy: string | undefined;
  readonly signal: AbortSignal;
  readonly elapsedMs: () => number;
}

async function* readable(
  body: AsyncIterable<Uint8Array>,
  { host, proxy, signal, elapsedMs }: Origin,
): AsyncGenerator<Uint8Array> {
  try {
    yield* withPace(body, { host, elapsedMs });
  } catch (error) {
    signal.throwIfAborted();
    throw httpErrorOf(error, host, proxy);
  }
}

function urlOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new HttpError('url', 'not an http or https URL', { host: url?.host ?? '' });
  }
  return url;
}
