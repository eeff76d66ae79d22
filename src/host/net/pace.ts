import { HttpError } from './http-error.ts';

/** So long may be waited for so many bytes. */
const WINDOW_MS = 60_000;
const LEAST_BYTES = 16 * 1024;

/**
 * The same bytes; a source that drips, so that a time-out for silence never strikes, ends as one that stopped. Only time that is spent
 * waiting for it counts, not that of a slow reader.
 * @throws HttpError timeout
 */
export async function* withPace(
  source: AsyncIterable<Uint8Array>,
  { host, elapsedMs }: { readonly host: string; readonly elapsedMs: () => number },
): AsyncGenerator<Uint8Array> {
  let waitedMs = 0;
  let bytes = 0;
  let askedMs = elapsedMs();
  for await (const chunk of source) {
    waitedMs += elapsedMs() - askedMs;
    bytes += chunk.length;
    if (bytes >= LEAST_BYTES) {
      waitedMs = 0;
      bytes = 0;
    } else if (waitedMs > WINDOW_MS) {
      throw new HttpError('timeout', `${host} sends too slowly: ${bytes} bytes in ${Math.round(waitedMs / 1000)} s`, {
        host,
        hint: 'check the network and HTTPS_PROXY, or name a mirror with --registry-mirror',
      });
    }
    yield chunk;
    askedMs = elapsedMs();
  }
}
