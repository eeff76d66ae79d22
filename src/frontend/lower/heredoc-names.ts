import { posix } from 'node:path';
import { BuildError } from '../../errors.ts';

/**
 * A heredoc becomes a file of its name in a directory that holds nothing else.
 * @throws BuildError copy-invalid, without a range, for a name that can be none there
 */
export function assertWritable(name: string): void {
  const path = posix.resolve('/', name);
  if (posix.dirname(path) === '/' && path !== '/') return;
  const why = path === '/' ? 'this is the name of a directory' : 'its directory is not there';
  throw new BuildError('copy-invalid', `cannot write the heredoc ${JSON.stringify(name)}: ${why}`, {
    hint: 'name the file alone, and its directory in the destination',
  });
}
