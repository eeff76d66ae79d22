import type { Digest, Root } from '../../cache/index.ts';
import type { BuildOptions } from '../build-options.ts';
import { diskRoom } from '../host/fs/index.ts';
import type { Http } from '../host/net/index.ts';
import { type FetchedUrl, fetchUrl } from '../sources/http/index.ts';
import { urlAuthHeader } from './auth-headers.ts';

export interface FetchFileOptions {
  readonly checksum?: Digest | undefined;
  /** As many as the disk has room for unless said otherwise. */
  readonly maxBytes?: number;
  readonly signal: AbortSignal;
}

/** A URL's content as a blob of the root. @throws BuildError http-failed, checksum-mismatch */
export type FetchFile = (url: string, options: FetchFileOptions) => Promise<FetchedUrl>;

const LIMIT_MS = 2 * 60 * 60_000;

export function makeFetchFile(root: Root, options: BuildOptions, http: Http): FetchFile {
  const room = () => ({ bytes: diskRoom(root.dir), why: 'the disk has no room for more' });
  return (url, { checksum, maxBytes, signal }) =>
    fetchUrl(url, {
      checksum,
      store: root,
      fetchFn: (request) => http.request(request),
      authHeader: (host) => urlAuthHeader(host, options),
      limits: {
        maxBytes: maxBytes === undefined ? room : () => ({ bytes: maxBytes, why: 'it is no Dockerfile' }),
        timeoutMs: LIMIT_MS,
      },
      signal,
    });
}
