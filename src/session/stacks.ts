import type { DiffID, LayerRef, LayerStore, Root } from '../../cache/index.ts';
import { BuildError } from '../errors.ts';
import { openToc, stackTree, type Toc, TocCorrupt } from '../image/toc/index.ts';
import type { OpenStack } from '../ops/index.ts';

/** The merged files of layers whose tar and toc are in the root; undefined when one turns out damaged, which then is there no more. */
export function openStackTree({ layers }: Root, refs: readonly LayerRef[]): OpenStack | undefined {
  const tocs = refs.map(({ diffID }) => openWhole(layers, diffID));
  const opened = refs.flatMap(({ diffID }, index) => {
    const toc = tocs[index];
    return toc === undefined ? [] : [{ toc, tarPath: layers.tarPath(diffID) }];
  });
  return opened.length === refs.length ? stackTree(opened) : undefined;
}

/** The same of a stack whose layers are brought first, again if need be. @throws what `ensure` throws, BuildError layer-damaged */
export async function bringStackTree(
  root: Root,
  refs: readonly LayerRef[],
  ensure: () => Promise<unknown>,
): Promise<OpenStack> {
  // each time it may be another one
  for (let left = refs.length; left >= 0; left -= 1) {
    await ensure();
    const tree = openStackTree(root, refs);
    if (tree !== undefined) return tree;
  }
  throw new BuildError('layer-damaged', 'a layer is damaged in the cache again and again', {
    hint: 'look after the disk of the root, or give another one with --root',
  });
}

function openWhole(layers: LayerStore, diffID: DiffID): Toc | undefined {
  try {
    return openToc(layers.tocPath(diffID));
  } catch (error) {
    if (!(error instanceof TocCorrupt)) throw error;
    layers.reportDamage(diffID);
    return undefined;
  }
}
