import type { Transform } from 'node:stream';

/** Sources give 16 to 64 KiB at a time; each write costs a change of threads. */
const FEED_BYTES = 512 * 1024;

/**
 * Feeds a transform and reads it at the same time; an error of either side, an abort, and who stops reading end both. An
 * error of the source is thrown as it is, one of the transform as `asError` has it.
 */
export async function* through(
  source: AsyncIterable<Uint8Array>,
  transform: Transform,
  { signal, asError = (error) => error }: { signal: AbortSignal; asError?: (error: Error) => Error },
): AsyncIterable<Uint8Array> {
  signal.throwIfAborted();
  const failed: { error?: Error } = {};
  const abort = () => transform.destroy(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  const feeding = feed(source, transform).catch((error: unknown) => {
    failed.error = error as Error;
    transform.destroy(failed.error);
  });
  try {
    for await (const chunk of transform as AsyncIterable<Uint8Array>) yield chunk;
  } catch (error) {
    signal.throwIfAborted();
    throw failed.error ?? asError(error as Error);
  } finally {
    signal.removeEventListener('abort', abort);
    transform.destroy();
  }
  await feeding;
  if (failed.error !== undefined) throw failed.error;
}

/** Returns early when the transform is destroyed. */
async function feed(source: AsyncIterable<Uint8Array>, transform: Transform): Promise<void> {
  let pending: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of source) {
    if (transform.destroyed) return;
    pending.push(chunk);
    size += chunk.length;
    if (size < FEED_BYTES) continue;
    if (!transform.write(joined(pending))) await roomIn(transform);
    pending = [];
    size = 0;
  }
  if (!transform.destroyed) transform.end(joined(pending));
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const [only] = chunks;
  return only !== undefined && chunks.length === 1 ? only : Buffer.concat(chunks);
}

function roomIn(transform: Transform): Promise<void> {
  if (transform.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const wake = () => {
      transform.off('drain', wake);
      transform.off('close', wake);
      resolve();
    };
    transform.on('drain', wake);
    transform.on('close', wake);
  });
}
