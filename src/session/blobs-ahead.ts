import { setImmediate } from 'node:timers/promises';
import type { LayerRef } from '../../cache/index.ts';
import {
  type BlobDeps,
  blobOfLayer,
  hasManifest,
  keepsTimes,
  type OutputSpec,
  type WantedForm,
} from '../exporter/index.ts';
import { anySignal } from '../util/any-signal.ts';

/** Compresses what the image will hold while its later steps run. Disposing ends that. */
export interface BlobsAhead extends AsyncDisposable {
  add(layer: LayerRef): void;
  /** Nothing more is begun: from now on the export knows better what is wanted first. */
  stop(): void;
}

/** Threads of the pool; one is left for others. */
const CONCURRENCY = 3;

/** @param outputs of which the first that needs blobs says how they are wanted */
export function makeBlobsAhead(
  outputs: readonly OutputSpec[],
  deps: Omit<BlobDeps, 'signal'>,
  { signal: outer }: { signal: AbortSignal },
): BlobsAhead {
  const end = new AbortController();
  const signal = anySignal([outer, end.signal]);
  const form = formAhead(outputs);
  const queue: LayerRef[] = [];
  let running: Promise<void> | undefined;
  const work = async (wanted: WantedForm): Promise<void> => {
    for (;;) {
      // The step that comes next goes first.
      await setImmediate();
      const ref = queue.shift();
      if (ref === undefined || signal.aborted) return;
      // What is wrong the export finds out.
      await blobOfLayer(ref, wanted, { ...deps, signal, concurrency: CONCURRENCY }).catch(() => undefined);
    }
  };
  return {
    add(layer) {
      if (form === undefined) return;
      queue.push(layer);
      running ??= work(form).finally(() => {
        running = undefined;
      });
    },
    stop() {
      queue.length = 0;
    },
    async [Symbol.asyncDispose]() {
      queue.length = 0;
      end.abort();
      await running;
    },
  };
}

/** Undefined when nothing is compressed, or other layers than the steps'. */
function formAhead(outputs: readonly OutputSpec[]): WantedForm | undefined {
  const first = outputs.find(hasManifest);
  if (first === undefined || first.compression?.algorithm === 'none') return undefined;
  if (!keepsTimes(first.fileTimes)) return undefined;
  return { compression: first.compression, force: first.forceCompression, mayBeRemote: first.type === 'registry' };
}
