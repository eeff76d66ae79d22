import { asDiskFull, BuildError } from '../../errors.ts';
import { isErrno } from '../../host/fs/index.ts';
import type { WireError } from '../protocol.ts';

/** What the front is told of an error. */
export function wireError(error: unknown): WireError {
  const told = asTooDeep(asDiskFull(error));
  if (!(told instanceof BuildError)) return { message: told instanceof Error ? told.message : String(told) };
  const { code, message, hint } = told;
  return { code, message, ...(hint === undefined ? {} : { hint }) };
}

/** What cannot be reached below the root, though a RUN may have made it, step by step. */
function asTooDeep(error: unknown): unknown {
  return isErrno(error, 'ENAMETOOLONG')
    ? new BuildError('layer-refused', 'a path in the image is longer than Linux takes below the state directory', {
        cause: error,
        hint: 'make fewer directories in each other, or ones with shorter names; a --root with a shorter path leaves more room',
      })
    : error;
}
