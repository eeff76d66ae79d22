import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { type Digest, parseDigest } from '../../../cache/index.ts';
import { BuildError } from '../../errors.ts';

/** What ADD url needs of an HTTP client; host/net's answer is one. */
export interface UrlResponse {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: { readonly [name: string]: string | undefined };
  readonly body: AsyncIterable<Uint8Array>;
  discard(): Promise<void>;
}

export interface FetchOptions {
  /** What the content must be. */
  readonly checksum?: Digest | undefined;
  /** Host path that the content is written to: a temp file of the caller's. */
  readonly dest: string;
  /** Follows redirects. What it throws besides BuildErrors is told as the cause. */
  readonly fetchFn: (url: string, options: { readonly signal: AbortSignal }) => Promise<UrlResponse>;
  readonly signal: AbortSignal;
}

/** A fetched file: the content lies at `path` on the host. */
export interface FetchedUrl {
  /** The last part of the URL's path, or `__unnamed__`. */
  readonly name: string;
  readonly path: string;
  readonly digest: Digest;
  readonly size: number;
  /** Last-Modified; 0 when the server did not say. */
  readonly mtimeSec: number;
}

/**
 * Fetches what ADD names.
 * @throws BuildError http-failed when there is no answer or its status is not 2xx or 3xx; checksum-mismatch
 */
export async function fetchUrl(url: string, { checksum, dest, fetchFn, signal }: FetchOptions): Promise<FetchedUrl> {
  const response = await answered(url, fetchFn, signal);
  if (response.status < 200 || response.status >= 400) {
    await response.discard();
    throw new BuildError('http-failed', `ADD ${shownUrl(url)}: invalid response status ${response.status}`, {
      hint: hintFor(response.status),
    });
  }
  const { digest, size } = await save(url, response, { dest, signal });
  if (checksum !== undefined && digest !== checksum) {
    throw new BuildError(
      'checksum-mismatch',
      `digest mismatch for ${shownUrl(url)}: it is ${digest}, --checksum says ${checksum}`,
      {
        hint: 'if the new content is the right one, change --checksum to its digest',
      },
    );
  }
  return { name: fileNameOf(url), path: dest, digest, size, mtimeSec: timeOf(response.headers['last-modified']) };
}

/** The name that ADD gives to a URL's content, as text. */
export function fileNameOf(url: string): string {
  const path = URL.canParse(url) ? new URL(url).pathname : '';
  const last = path.split('/').findLast((part) => part !== '') ?? '';
  const name = decoded(last);
  return name === '' || name === '.' || name === '..' || name.includes('/') || name.includes('\0')
    ? '__unnamed__'
    : name;
}

async function answered(url: string, fetchFn: FetchOptions['fetchFn'], signal: AbortSignal): Promise<UrlResponse> {
  try {
    return await fetchFn(url, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw httpFailed(url, error);
  }
}

async function save(
  url: string,
  response: UrlResponse,
  { dest, signal }: Pick<FetchOptions, 'dest' | 'signal'>,
): Promise<{ digest: Digest; size: number }> {
  const hash = createHash('sha256');
  let size = 0;
  const file = await open(dest, 'w', 0o600);
  try {
    for await (const chunk of response.body) {
      signal.throwIfAborted();
      hash.update(chunk);
      size += chunk.length;
      await file.writeFile(chunk);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw httpFailed(url, error);
  } finally {
    await file.close();
  }
  return { digest: parseDigest(`sha256:${hash.digest('hex')}`), size };
}

function httpFailed(url: string, error: unknown): unknown {
  if (error instanceof BuildError || !(error instanceof Error)) return error;
  const hint = (error as { hint?: unknown }).hint;
  return new BuildError('http-failed', `ADD ${shownUrl(url)}: ${error.message}`, {
    cause: error,
    hint: typeof hint === 'string' ? hint : 'check the URL, the network and the proxy settings',
  });
}

/** Without user, password and query, which may be secret. */
function shownUrl(url: string): string {
  if (!URL.canParse(url)) return 'the URL';
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}

function hintFor(status: number): string {
  if (status === 404 || status === 410) return 'check the URL: the server has nothing there';
  if (status === 401 || status === 403)
    return 'the server wants to know who asks: give a secret named HTTP_AUTH_TOKEN_<host>';
  return 'open the URL in a browser to see what the server says, or try again later';
}

/** Go's http.ParseTime: what is no date is none. */
function timeOf(lastModified: string | undefined): number {
  const ms = lastModified === undefined ? Number.NaN : Date.parse(lastModified);
  return Number.isNaN(ms) ? 0 : Math.floor(ms / 1000);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
