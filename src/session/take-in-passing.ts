import { LayerLost } from '../solver/index.ts';
import { type Fork, fork } from '../util/fork.ts';
import type { FetchBlob } from './fetch-blob.ts';
import { type PackedLayer, type TakeInDeps, type TakenIn, takeIn } from './take-in.ts';

export interface PassingDeps extends TakeInDeps {
  readonly fetchBlob: FetchBlob;
  readonly signal: AbortSignal;
}

/** Between the download and the one who takes the layer in; less than that is lost when the layer is refused. */
const WAITING_BYTES = 1 << 20;

/**
 * Fetches a layer's blob and takes the layer in while the bytes pass, once for each place that is tried. Returns when the blob's digest and the
 * diffID were right, maybe before the blob is on the disk. Undefined when no bytes passed by: the blob is in the content store.
 * @throws LayerLost when the blob is nowhere, what fetchBlob and takeIn throw
 */
export async function takeInPassing(layer: PackedLayer, deps: PassingDeps): Promise<TakenIn | undefined> {
  const attempts: Attempt[] = [];
  try {
    await verifiedBlob(layer, deps, attempts);
    return await attempts.pop()?.taken;
  } catch (error) {
    for (const { bytes } of attempts) bytes.close(error as Error);
    throw error;
  } finally {
    await Promise.all(attempts.map(discard));
  }
}

interface Attempt {
  readonly bytes: Fork;
  readonly taken: Promise<TakenIn>;
}

/** What fails after that is a blob that is not kept: the next who wants it fetches it again. */
async function verifiedBlob(layer: PackedLayer, deps: PassingDeps, attempts: Attempt[]): Promise<void> {
  const { signal, warn } = deps;
  let isVerified = false;
  let onVerified: () => void = () => undefined;
  const verified = new Promise<void>((resolve) => {
    onVerified = () => {
      isVerified = true;
      resolve();
    };
  });
  const through = (source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> => {
    const bytes = fork(source, WAITING_BYTES);
    attempts.push({ bytes, taken: begun(bytes, layer, deps) });
    return bytes.main;
  };
  const storing = deps.fetchBlob(layer, { signal, through, onVerified }).then((blob) => {
    if (blob === undefined) throw new LayerLost(layer.diffID, 'remote-missing');
  });
  storing.catch((error: unknown) => {
    if (isVerified) warn(`the blob ${layer.blob.digest} cannot be kept: ${(error as Error).message}`);
  });
  await Promise.race([verified, storing]);
}

function begun(bytes: Fork, layer: PackedLayer, deps: PassingDeps): Promise<TakenIn> {
  const taken = takeIn(bytes.side, layer, deps).finally(() => bytes.close(new Error('the layer was taken in')));
  taken.catch(() => undefined);
  return taken;
}

/** Of bytes that were not the blob's. */
async function discard({ taken }: Attempt): Promise<void> {
  const made = await taken.catch(() => undefined);
  made?.discard();
}
