import type { Digest } from '../../../cache/index.ts';
import { BuildError } from '../../errors.ts';
import { HttpError, type HttpResponse } from '../../host/net/index.ts';
import { eachAtMost } from '../../util/each-at-most.ts';
import { type Client, nameOf, type Repository } from './client.ts';
import { Refusal } from './problems.ts';

export interface PushBlob {
  readonly digest: Digest;
  readonly size: number;
  /** Repositories that had it when it was seen last, `docker.io/library/node`: those of the same registry may lend it. */
  readonly knownIn?: readonly string[] | undefined;
  /** Its bytes from one offset to another; asked for only when the registry lacks the blob, perhaps more than once. */
  readonly open: (from: number, end: number) => AsyncIterable<Uint8Array>;
}

export interface PushOptions {
  readonly signal: AbortSignal;
  /** Bytes of the image that the registry has, of all. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  /** For tests; waits between attempts. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** An image on its way to a repository. */
export interface Pushing extends PushOptions {
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly client: Client;
  readonly repository: Repository;
}

const AT_ONCE = 4;

/** The blobs that the repository lacks, several at a time. @throws BuildError registry-* */
export async function pushBlobs(pushing: Pushing, blobs: readonly PushBlob[]): Promise<void> {
  const distinct = [...new Map(blobs.map((blob) => [blob.digest, blob])).values()];
  const total = distinct.reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  const count = (bytes: number): void => {
    done += bytes;
    pushing.onProgress?.(done, total);
  };
  await eachAtMost(AT_ONCE, distinct, {
    signal: pushing.signal,
    work: (blob, signal) => pushBlob({ ...pushing, signal }, blob, count),
  });
}

const MAX_ATTEMPTS = 4;
const FIRST_DELAY_MS = 250;

/** Tried again from its beginning: whether the bytes of a broken upload arrived is for the registry to say, with the next HEAD. */
function pushBlob(pushing: Pushing, blob: PushBlob, count: (bytes: number) => void): Promise<void> {
  return persistently(pushing, async () => {
    const tally = tallyOf(count);
    try {
      if (!(await isThere(pushing, blob)) && !(await isBorrowed(pushing, blob, tally.count))) throw lost(pushing, blob);
      count(blob.size - tally.total());
    } catch (error) {
      count(-tally.total());
      throw error;
    }
  });
}

/** Counts, and knows what there is to take back. */
function tallyOf(count: (bytes: number) => void) {
  let total = 0;
  return {
    total: () => total,
    count: (bytes: number): void => {
      total += bytes;
      count(bytes);
    },
  };
}

/** Again, with longer and longer pauses, while what went wrong may pass. */
export async function persistently({ signal, sleep }: Pushing, work: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      signal.throwIfAborted();
      await work();
      return;
    } catch (error) {
      signal.throwIfAborted();
      if (attempt >= MAX_ATTEMPTS || !isPassing(error)) throw error;
      await sleep(FIRST_DELAY_MS * 4 ** (attempt - 1), signal);
    }
  }
}

function isPassing(error: unknown): boolean {
  if (error instanceof Refusal) return error.status === 408 || error.status === 429 || error.status >= 500;
  const { cause } = error as Error;
  return cause instanceof HttpError && (cause.failure === 'reset' || cause.failure === 'timeout');
}

async function isThere({ client, repository, signal }: Pushing, { digest, size }: PushBlob): Promise<boolean> {
  const resource = `blobs/${digest}`;
  const what = `blob ${digest}`;
  const access = 'pull,push' as const;
  const response = await client.ask({ repository, resource, what, method: 'HEAD', access, alsoGood: [404], signal });
  await response.discard();
  const length = response.headers['content-length'];
  return response.status === 200 && (length === undefined || Number(length) === size);
}

/** Lent by another repository of the same registry, else uploaded. */
async function isBorrowed(pushing: Pushing, blob: PushBlob, count: (bytes: number) => void): Promise<boolean> {
  const begun = (await askedToLend(pushing, blob)) ?? (await begin(pushing, blob));
  await begun.discard();
  if (begun.status === 201) return true;
  await upload(pushing, { blob, count, location: locationOf(begun, pushing.repository) });
  return isThere(pushing, blob);
}

const BEGIN = { method: 'POST', resource: 'blobs/uploads/' } as const;

async function begin(pushing: Pushing, blob: PushBlob): Promise<HttpResponse> {
  try {
    return await ask(pushing, { ...BEGIN, blob, alsoGood: [] });
  } catch (error) {
    if (!(error instanceof BuildError) || error.code !== 'image-not-found') throw error;
    const hint = 'check the name, or make the repository first: some registries make none by a push';
    throw new BuildError('registry-error', error.message, { hint, cause: error });
  }
}

/** The answer to an upload that asks for a loan; undefined where nobody lends, or the registry will not have it: whoever may push need not be able to read there. */
async function askedToLend(pushing: Pushing, blob: PushBlob): Promise<HttpResponse | undefined> {
  const { registry } = pushing.repository;
  const lender = (blob.knownIn ?? []).find(
    (name) => name.startsWith(`${registry}/`) && name !== nameOf(pushing.repository),
  );
  if (lender === undefined) return undefined;
  const query = new URLSearchParams({ mount: blob.digest, from: lender.slice(registry.length + 1) });
  try {
    return await ask(pushing, { ...BEGIN, resource: `${BEGIN.resource}?${query.toString()}`, blob, alsoGood: [] });
  } catch (error) {
    pushing.signal.throwIfAborted();
    if (!(error instanceof BuildError) || error.code === 'registry-unreachable') throw error;
    return undefined;
  }
}

interface Upload {
  readonly blob: PushBlob;
  readonly count: (bytes: number) => void;
  /** Where the registry wants the next bytes. */
  readonly location: string;
}

const TOO_LARGE = 413;
const CHUNK_BYTES = 32 * 1024 * 1024;

/** In one request; in pieces when the registry, or a proxy before it, takes none that large. */
async function upload(pushing: Pushing, { blob, count, location }: Upload): Promise<void> {
  const tally = tallyOf(count);
  const response = await ask(pushing, {
    method: 'PUT',
    resource: withDigest(location, blob.digest),
    blob,
    alsoGood: [TOO_LARGE],
    body: { from: 0, end: blob.size, count: tally.count },
  });
  await response.discard();
  if (response.status !== TOO_LARGE) return;
  count(-tally.total());
  await uploadChunks(pushing, { blob, count, location });
}

async function uploadChunks(pushing: Pushing, { blob, count, location }: Upload): Promise<void> {
  let place = location;
  for (let from = 0; from < blob.size; from += CHUNK_BYTES) {
    const end = Math.min(from + CHUNK_BYTES, blob.size);
    const response = await ask(pushing, {
      method: 'PATCH',
      resource: place,
      blob,
      alsoGood: [],
      body: { from, end, count },
    });
    await response.discard();
    place = locationOf(response, pushing.repository);
  }
  const ended = await ask(pushing, { method: 'PUT', resource: withDigest(place, blob.digest), blob, alsoGood: [] });
  await ended.discard();
}

interface Request {
  readonly method: 'POST' | 'PUT' | 'PATCH';
  readonly resource: string;
  readonly blob: PushBlob;
  readonly alsoGood: readonly number[];
  /** A piece of the blob; nothing when absent. */
  readonly body?: { readonly from: number; readonly end: number; readonly count: (bytes: number) => void };
}

function ask(pushing: Pushing, { method, resource, blob, alsoGood, body }: Request): Promise<HttpResponse> {
  const { client, repository, signal } = pushing;
  const what = method === 'POST' ? 'place for uploads' : `blob ${blob.digest}`;
  const question = { repository, resource, what, method, alsoGood, signal } as const;
  if (body === undefined) return client.ask({ ...question, access: 'pull,push', headers: { 'content-length': '0' } });
  const { from, end, count } = body;
  const headers = {
    'content-type': 'application/octet-stream',
    'content-length': String(end - from),
    ...(method === 'PATCH' ? { 'content-range': `${from}-${end - 1}` } : {}),
  };
  return client.ask({ ...question, access: 'pull,push', headers, body: () => countedBytes(blob, body, count) });
}

async function* countedBytes(
  blob: PushBlob,
  { from, end }: { readonly from: number; readonly end: number },
  count: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of blob.open(from, end)) {
    yield chunk;
    count(chunk.length);
  }
}

/** Registries behind a proxy that ends TLS often name themselves by http: what began with https goes on so. */
function locationOf(response: HttpResponse, repository: Repository): string {
  const location = response.headers['location'];
  if (location === undefined || !URL.canParse(location, response.url)) {
    throw new BuildError('registry-error', `${repository.registry} does not say where to upload to`);
  }
  const [to, from] = [new URL(location, response.url), new URL(response.url)];
  if (from.protocol === 'https:' && to.host === from.host) to.protocol = 'https:';
  return to.href;
}

function withDigest(location: string, digest: Digest): string {
  const url = new URL(location);
  url.searchParams.set('digest', digest);
  return url.href;
}

function lost({ repository }: Pushing, { digest }: PushBlob): BuildError {
  return new BuildError('registry-error', `${nameOf(repository)}: the registry took ${digest} and does not have it`);
}
