import type { LayerRef, Root } from '../../cache/index.ts';
import { openToc, stackTree } from '../image/toc/index.ts';
import type { OpenStack } from '../ops/index.ts';

/** The merged files of layers whose tar and toc are in the root. */
export function openStackTree(root: Root, layers: readonly LayerRef[]): OpenStack {
  return stackTree(
    layers.map(({ diffID }) => ({ toc: openToc(root.layers.tocPath(diffID)), tarPath: root.layers.tarPath(diffID) })),
  );
}
