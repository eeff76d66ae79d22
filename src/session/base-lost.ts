import { BuildError } from '../errors.ts';
import type { Definition, ImageOp } from '../graph/index.ts';
import { familiarName } from '../image/oci/index.ts';
import type { LayerLost } from '../solver/index.ts';

/** No step makes the layer again: it belongs to an image that was built here, or that its registry has no more. */
export function baseLost(error: LayerLost, { vertices }: Definition): BuildError {
  const { diffID, reason } = error;
  for (const { op, origin } of vertices) {
    const layer = op.kind === 'image' ? op.layers.find((one) => one.diffID === diffID) : undefined;
    if (op.kind !== 'image' || layer === undefined) continue;
    const places = layer.origins.map(({ repository }) => repository);
    const where = reason === 'remote-missing' ? `, here and in ${places.join(' and ')}` : ` (${reason})`;
    return new BuildError(
      'image-not-found',
      `a layer of ${nameOf(op)} is gone${where}: ${layer.blob?.digest ?? diffID}`,
      {
        range: origin.range,
        hint: hintFor(op, reason),
        cause: error,
      },
    );
  }
  return new BuildError('image-not-found', `a layer is gone (${reason}): ${diffID}`, { hint: AGAIN, cause: error });
}

const AGAIN = 'build or pull the base image again';

function hintFor(op: ImageOp, reason: LayerLost['reason']): string {
  if (reason !== 'remote-missing') return AGAIN;
  return `push ${nameOf(op)} again, or name another image; --pull asks what the name means now`;
}

function nameOf({ name }: ImageOp): string {
  return name.includes('://') ? name : familiarName(name);
}
