import type { DiffID, LayerStore } from '../../../cache/index.ts';
import { BuildError } from '../../errors.ts';

/**
 * To be called before a layer's tar becomes files: wrong bytes would go on into the layers above it.
 * @throws BuildError layer-damaged: the layer is not in the cache any more, and whoever asked may bring it again
 */
export function assertIntact(layers: LayerStore, diffID: DiffID): void {
  if (!layers.isTarIntact(diffID)) throw layerDamaged(diffID);
}

export function layerDamaged(diffID: DiffID): BuildError {
  return new BuildError('layer-damaged', `the layer ${diffID} is damaged in the cache`, {
    hint: 'run the build again: it is made or fetched again',
  });
}
