import { setTimeout as sleepFor } from 'node:timers/promises';
import { ContentMismatch, type ContentStore, type Digest, type Memo } from '../../../cache/index.ts';
import { BuildError } from '../../errors.ts';
import { anySignal } from '../../util/any-signal.ts';
import { decoded, fileNameOf } from '../../util/url-name.ts';
import { ACCEPTED, type ByteLimit, bodyOf, type UrlResponse } from './body.ts';
import { conditionsOf, type Remembered, recall, remember, stampOf, stampOfIntact, validatorsOf } from './remembered.ts';
import { dispositionName, shownUrl } from './url-name.ts';

export interface UrlRequest {
  /** Without user and password. */
  readonly url: string;
  readonly headers: { readonly [name: string]: string };
  readonly signal: AbortSignal;
}

export interface FetchOptions {
  /** What the content must be. */
  readonly checksum?: Digest | undefined;
  /** Where contents are kept, and what is known of URLs. */
  readonly store: { readonly content: ContentStore; readonly memo: Memo };
  /** Follows redirects, without Authorization to other hosts. What it throws besides BuildErrors is told as the cause. */
  readonly fetchFn: (request: UrlRequest) => Promise<UrlResponse>;
  /** Value of the Authorization header for a host when the URL names no user. */
  readonly authHeader: (host: string) => Promise<string | undefined>;
  readonly limits: UrlLimits;
  readonly signal: AbortSignal;
  /** For tests; waits between attempts. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

export interface UrlLimits {
  /** Asked for when an answer comes; `why` is told to whoever meets it. */
  readonly maxBytes: () => ByteLimit;
  /** For all of it, attempts included. */
  readonly timeoutMs: number;
}

/** A fetched file: the content lies at `path` on the host, in the content store. */
export interface FetchedUrl {
  /** The last part of the URL's path, or `__unnamed__`. */
  readonly name: string;
  /** What the server calls it. */
  readonly offeredName: string | undefined;
  readonly path: string;
  readonly digest: Digest;
  readonly size: number;
  /** Last-Modified; 0 when the server did not say. */
  readonly mtimeSec: number;
}

/**
 * Fetches a URL's content. What an earlier build fetched is asked for with its ETag or Last-Modified, so that unchanged content
 * is not sent again; when `checksum` says that it is the wanted one, nobody is asked.
 * @throws BuildError http-failed when there is no answer, its status is not 2xx or 3xx, or a limit is met; checksum-mismatch
 */
export async function fetchUrl(given: string, options: FetchOptions): Promise<FetchedUrl> {
  const { store, checksum, limits, signal } = options;
  const { url, headers } = await credentialsApart(given, options.authHeader);
  const known = await usable(store, url);
  const fetched = (found: Remembered): FetchedUrl => {
    assertChecksum(url, checksum, found.digest);
    const { digest, size, mtimeSec, offeredName } = found;
    return { name: fileNameOf(url), offeredName, path: store.content.path(digest), digest, size, mtimeSec };
  };
  if (known !== undefined && known.digest === checksum) return fetched(known);
  const limit = AbortSignal.timeout(limits.timeoutMs);
  const either = anySignal([signal, limit]);
  try {
    const found = await ask({ url, headers, signal: either }, known, options);
    remember(store.memo, url, found);
    return fetched(found);
  } catch (error) {
    signal.throwIfAborted();
    if (limit.aborted) throw tooSlow(url, limits.timeoutMs, error);
    throw httpFailed(url, error);
  }
}

/** What the URL says of user and password goes into a header: redirects to other hosts must not carry it. */
async function credentialsApart(
  given: string,
  authHeader: FetchOptions['authHeader'],
): Promise<Pick<UrlRequest, 'url' | 'headers'>> {
  if (!URL.canParse(given)) return { url: given, headers: {} };
  const url = new URL(given);
  const pair = `${decoded(url.username)}:${decoded(url.password)}`;
  const authorization = pair === ':' ? await authHeader(url.host) : `Basic ${Buffer.from(pair).toString('base64')}`;
  url.username = '';
  url.password = '';
  url.hash = '';
  if (authorization === undefined) return { url: url.href, headers: {} };
  if (!/^[\x20-\x7e]*$/.test(authorization))
    throw new BuildError('http-failed', `${shownUrl(url.href)}: its secret cannot be a header: it has line breaks`, {
      hint: 'give the secret as one line of ASCII',
    });
  return { url: url.href, headers: { authorization } };
}

async function usable({ content, memo }: FetchOptions['store'], url: string): Promise<Remembered | undefined> {
  const known = recall(memo, url);
  if (known === undefined) return undefined;
  const stamp = await stampOfIntact(content, known);
  return stamp === undefined ? undefined : { ...known, stamp };
}

const MAX_ATTEMPTS = 3;
const FIRST_DELAY_MS = 500;

/** Asks, and again when the answer breaks off. */
async function ask(request: UrlRequest, known: Remembered | undefined, options: FetchOptions): Promise<Remembered> {
  const sleep = options.sleep ?? ((ms, signal) => sleepFor(ms, undefined, { signal }));
  const headers = { ...request.headers, ...ACCEPTED, ...(known === undefined ? {} : conditionsOf(known)) };
  for (let attempt = 1; ; attempt++) {
    const response = await options.fetchFn({ ...request, headers });
    if (response.status === 304 && known !== undefined) {
      await response.discard();
      return known;
    }
    await assertStatus(request.url, response);
    try {
      return await keep(request, response, options);
    } catch (error) {
      request.signal.throwIfAborted();
      if (attempt === MAX_ATTEMPTS || !isBreak(error)) throw error;
      await sleep(FIRST_DELAY_MS * 4 ** (attempt - 1), request.signal);
    }
  }
}

async function keep(
  { url, signal }: UrlRequest,
  response: UrlResponse,
  { store, checksum, limits }: FetchOptions,
): Promise<Remembered> {
  const { headers } = response;
  const { content } = store;
  const body = await bodyOf(response, { url, limit: limits.maxBytes(), signal });
  try {
    const { digest, size } = await content.put(body, {
      ...(checksum === undefined ? {} : { expected: { digest: checksum } }),
      signal,
    });
    return {
      digest,
      size,
      mtimeSec: timeOf(headers['last-modified']),
      offeredName: dispositionName(headers['content-disposition']),
      ...validatorsOf(headers),
      stamp: stampOf(content, digest) ?? '',
    };
  } catch (error) {
    if (error instanceof ContentMismatch) assertChecksum(url, checksum, error.actual);
    throw error;
  }
}

async function assertStatus(url: string, response: UrlResponse): Promise<void> {
  const { status } = response;
  if (status >= 200 && status < 400 && status !== 304) return;
  await response.discard();
  throw new BuildError('http-failed', `${shownUrl(url)}: invalid response status ${status}`, { hint: hintFor(status) });
}

function assertChecksum(url: string, checksum: Digest | undefined, actual: string): void {
  if (checksum === undefined || checksum === actual) return;
  throw new BuildError(
    'checksum-mismatch',
    `digest mismatch for ${shownUrl(url)}: it is ${actual}, --checksum says ${checksum}`,
    { hint: 'if the new content is the right one, change --checksum to its digest' },
  );
}

/** As host/net's errors tell: the connection ended in the middle of an answer. */
function isBreak(error: unknown): boolean {
  const failure = error instanceof Error ? (error as { failure?: unknown }).failure : undefined;
  return failure === 'reset' || failure === 'timeout';
}

function tooSlow(url: string, timeoutMs: number, cause: unknown): BuildError {
  return new BuildError('http-failed', `${shownUrl(url)}: it took more than ${timeoutMs / 1000} s`, {
    cause,
    hint: 'try again later, or fetch it from a server that is nearer',
  });
}

function httpFailed(url: string, error: unknown): unknown {
  if (error instanceof BuildError || !(error instanceof Error)) return error;
  const hint = (error as { hint?: unknown }).hint;
  return new BuildError('http-failed', `${shownUrl(url)}: ${error.message}`, {
    cause: error,
    hint: typeof hint === 'string' ? hint : 'check the URL, the network and the proxy settings',
  });
}

function hintFor(status: number): string {
  if (status === 404 || status === 410) return 'check the URL: the server has nothing there';
  if (status === 401 || status === 403)
    return 'the server wants to know who asks: give a secret named HTTP_AUTH_TOKEN_<host>';
  return 'open the URL in a browser to see what the server says, or try again later';
}

/** HTTP's three forms of a date, of which the last has no zone (RFC 9110, 5.6.7). */
const DATES = [
  /^\w{3}, \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} GMT$/,
  /^\w{6,9}, \d{2}-\w{3}-\d{2} \d{2}:\d{2}:\d{2} GMT$/,
  /^\w{3} \w{3} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/,
];

/** Go's http.ParseTime: what is no date is none. */
function timeOf(lastModified = ''): number {
  if (!DATES.some((form) => form.test(lastModified))) return 0;
  const ms = Date.parse(lastModified.endsWith(' GMT') ? lastModified : `${lastModified} GMT`);
  return Number.isNaN(ms) ? 0 : Math.floor(ms / 1000);
}
