import type { Target } from '../graph/index.ts';
import type { ImageConfig } from '../image/oci/index.ts';
import { type Solution, stackOf } from '../solver/index.ts';
import { imageHistory, timeText } from './image-history.ts';

/**
 * The target's config with what only the solve can tell: diff_ids, and times. A layer's entry has the time of the record its
 * layer came from, so that a cached rebuild gives the same bytes.
 */
export function imageConfig({ vertex, config, history: planned, epoch }: Target, solution: Solution): ImageConfig {
  const layers = stackOf(solution.of(vertex).result);
  const history = imageHistory({
    planned,
    layerCount: layers.length,
    epochSec: epoch,
    madeAtMs: (layer) => solution.of(layer).createdAt,
  });
  return {
    ...config,
    created:
      history.findLast(({ created }) => created !== undefined)?.created ??
      (epoch === undefined ? undefined : timeText(epoch * 1000)),
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.diffID) },
    history,
  };
}
