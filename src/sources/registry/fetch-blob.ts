import type { Digest } from '../../../cache/index.ts';
import { BuildError } from '../../errors.ts';
import { HttpError } from '../../host/net/index.ts';
import { type Client, nameOf, type Repository } from './client.ts';
import { unreachable } from './problems.ts';

export interface WantedBlob {
  readonly repository: Repository;
  readonly digest: Digest;
  readonly size: number;
}

export interface FetchOptions {
  readonly signal: AbortSignal;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  /** Stands between the bytes as they come and the store, which keeps what it yields: the same bytes. */
  readonly through?: ((bytes: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>) | undefined;
  /** The bytes were right; what is left is to wait for the disk. */
  readonly onVerified?: (() => void) | undefined;
}

/** In a row, of connections that brought less than `PROGRESS_BYTES` before they broke. */
const MAX_RESUMES = 4;
const PROGRESS_BYTES = 1024 * 1024;
/** An answer that ends too early by its own length is rarely longer the next time. */
const SHORT_COUNTS = 2;

/** A blob's bytes from its registry, exactly `size` of them; a connection that breaks is taken up again where it broke. */
export async function* blobBytes(
  client: Client,
  blob: WantedBlob,
  { signal, onProgress }: Pick<FetchOptions, 'signal' | 'onProgress'>,
): AsyncGenerator<Uint8Array> {
  const state = { done: 0 };
  let resumes = 0;
  for (;;) {
    const from = state.done;
    const broken = yield* attempt(client, blob, { state, signal, onProgress });
    // whatever else the answer announced
    if (state.done === blob.size) return;
    if (state.done - from >= PROGRESS_BYTES) resumes = 0;
    if (resumes >= MAX_RESUMES)
      throw broken === undefined ? short(blob, state.done) : unreachable(broken, nameOf(blob.repository));
    resumes += broken === undefined ? SHORT_COUNTS : 1;
    await client.pause(broken === undefined ? 1 : resumes, { signal });
  }
}

interface Attempt extends Pick<FetchOptions, 'signal' | 'onProgress'> {
  readonly state: { done: number };
}

/** What one answer brings. @returns why it broke off; undefined when it came to its end */
async function* attempt(
  client: Client,
  blob: WantedBlob,
  { state, signal, onProgress }: Attempt,
): AsyncGenerator<Uint8Array, HttpError | undefined> {
  try {
    for await (const chunk of bytesFrom(client, blob, { from: state.done, signal })) {
      state.done += chunk.length;
      if (state.done > blob.size) throw invalid(blob, `has more than the ${blob.size} bytes its manifest says`);
      onProgress?.(state.done, blob.size);
      yield chunk;
    }
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof HttpError) return error;
    throw error;
  }
}

async function* bytesFrom(
  client: Client,
  blob: WantedBlob,
  { from, signal }: { from: number; signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  const response = await client.ask({
    repository: blob.repository,
    resource: `blobs/${blob.digest}`,
    what: `blob ${blob.digest}`,
    headers: from === 0 ? {} : { range: `bytes=${from}-` },
    signal,
  });
  const isRest = response.status === 206 && response.headers['content-range']?.startsWith(`bytes ${from}-`) === true;
  let skip = isRest ? 0 : from;
  for await (const chunk of response.body) {
    if (skip >= chunk.length) skip -= chunk.length;
    else {
      yield skip === 0 ? chunk : chunk.subarray(skip);
      skip = 0;
    }
  }
}

function short(blob: WantedBlob, done: number): BuildError {
  return invalid(blob, `has ${done} bytes, its manifest says ${blob.size}`);
}

function invalid({ digest, repository }: WantedBlob, problem: string): BuildError {
  return new BuildError('image-invalid', `blob ${digest} of ${nameOf(repository)} ${problem}`);
}
