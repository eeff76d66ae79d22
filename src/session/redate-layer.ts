import { createReadStream, rmSync } from 'node:fs';
import { type LayerRef, parseDiffID, type Root } from '../../cache/index.ts';
import type { ExportDeps } from '../exporter/index.ts';
import { ingestLayer, needsRedating, type Redating, redated } from '../image/layer/index.ts';
import { openToc } from '../image/toc/index.ts';
import type { LayerSupply } from './layer-supply.ts';

const NAMESPACE = 'redated-layer';

/** Layers with other file times are layers of the root like any other; which came of which is remembered. */
export function makeRedateLayer(root: Root, layers: LayerSupply): ExportDeps['redateLayer'] {
  return async (ref, redating, { signal }) => {
    const key = `${ref.diffID} ${redating.which} ${redating.epoch}`;
    const known = root.memo.get(NAMESPACE, key);
    if (known === ref.diffID) return ref;
    const there = known === undefined ? undefined : redatedRef(ref, known);
    if (there !== undefined && root.layers.isTarIntact(there.diffID)) return there;
    await layers.ensureLayer(ref, { signal });
    const isTouched = needsRedating(openToc(root.layers.tocPath(ref.diffID)).entries(), redating);
    const made = isTouched ? await write(ref, redating, { root, signal }) : ref;
    root.memo.put(NAMESPACE, key, made.diffID);
    return made;
  };
}

async function write(
  ref: LayerRef,
  redating: Redating,
  { root, signal }: { root: Root; signal: AbortSignal },
): Promise<LayerRef> {
  const tar = root.tempPath('layer.tar');
  const toc = root.tempPath('layer.toc');
  try {
    const source = createReadStream(root.layers.tarPath(ref.diffID), { highWaterMark: CHUNK });
    const options = { compression: 'none', tarPath: tar, tocPath: toc, signal } as const;
    const { diffID, size } = await ingestLayer(redated(source, redating), options);
    // what a layer holds is told without times
    root.layers.publish(diffID, { tar, toc }, { contentID: ref.contentID, size, blobs: {} });
    return redatedRef(ref, diffID);
  } finally {
    rmSync(tar, { force: true });
    rmSync(toc, { force: true });
  }
}

const CHUNK = 1024 * 1024;

function redatedRef({ contentID }: LayerRef, diffID: string): LayerRef {
  return { diffID: parseDiffID(diffID), contentID, verified: true, origins: [] };
}
