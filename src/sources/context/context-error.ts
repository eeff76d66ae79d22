import { BuildError, isDiskFull } from '../../errors.ts';
import { FileChanged, isErrno } from '../../host/fs/index.ts';
import { TooManyNames } from '../../image/toc/index.ts';
import { displayPath, type RelPath, TOP } from '../../util/rel-path.ts';

/** What to throw instead of an error that looking at a path of a context has brought: a BuildError where it is the user's matter. */
export function asContextError(path: RelPath, error: unknown): unknown {
  if (error instanceof TooManyNames) {
    return new BuildError('context-invalid', `the build context is too large: ${error.message}`, {
      cause: error,
      hint: 'exclude what no step needs in .dockerignore',
    });
  }
  if (error instanceof FileChanged) {
    return new BuildError('context-invalid', `${displayPath(path)} in the build context changed while it was read`, {
      cause: error,
      hint: 'build again once nothing writes to it, or exclude it in .dockerignore',
    });
  }
  // Reading fills no disk: that was where the bytes went.
  if (error instanceof BuildError || !(error instanceof Error) || !('code' in error) || isDiskFull(error)) return error;
  const shown = path === TOP ? 'the build context' : `${displayPath(path)} in the build context`;
  const why = isErrno(error, 'EACCES') || isErrno(error, 'EPERM') ? 'permission denied' : String(error.code);
  return new BuildError('context-invalid', `cannot read ${shown}: ${why}`, {
    cause: error,
    hint: 'make it readable for this user, or exclude it in .dockerignore',
  });
}
