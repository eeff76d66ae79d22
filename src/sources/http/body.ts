import { BuildError } from '../../errors.ts';
import { decompress } from '../../image/archive/index.ts';
import { shownUrl } from './url-name.ts';

/** What ADD url needs of an HTTP client; host/net's answer is one. */
export interface UrlResponse {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: { readonly [name: string]: string | undefined };
  readonly body: AsyncIterable<Uint8Array>;
  discard(): Promise<void>;
}

export interface ByteLimit {
  readonly bytes: number;
  /** Told to whoever meets it. */
  readonly why: string;
}

/** What a request says so that `bodyOf` can read the answer. */
export const ACCEPTED = { 'accept-encoding': 'gzip' } as const;

interface BodyOptions {
  readonly url: string;
  readonly limit: ByteLimit;
  readonly signal: AbortSignal;
}

/**
 * The content of an answer: what is encoded for the way only is decoded. The limit holds for what is sent and for what it decodes to.
 * @throws BuildError http-failed when a larger one is announced or read; ArchiveError when it cannot be decoded
 */
export async function bodyOf(response: UrlResponse, options: BodyOptions): Promise<AsyncIterable<Uint8Array>> {
  const { 'content-length': announced = '', 'content-encoding': encoding = '' } = response.headers;
  if (Number(announced) > options.limit.bytes) {
    await response.discard();
    throw tooLarge(options);
  }
  const sent = bounded(response.body, options);
  if (encoding.toLowerCase() !== 'gzip' || announced === '0') return sent;
  return bounded(decompress(sent, 'gzip', options), options);
}

async function* bounded(source: AsyncIterable<Uint8Array>, options: BodyOptions): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of source) {
    size += chunk.length;
    if (size > options.limit.bytes) throw tooLarge(options);
    yield chunk;
  }
}

function tooLarge({ url, limit: { bytes, why } }: BodyOptions): BuildError {
  return new BuildError('http-failed', `${shownUrl(url)}: it is larger than ${bytes} bytes: ${why}`, {
    hint: 'fetch less, or make room: a larger file is not taken in',
  });
}
