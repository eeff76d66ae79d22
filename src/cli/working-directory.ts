import { BuildError } from '../errors.ts';

/** @throws BuildError usage for a directory that was removed, or moved out of sight */
export function workingDirectory(ask: () => string): string {
  try {
    return ask();
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    throw new BuildError('usage', `the working directory cannot be found (${code}): was it removed?`, {
      hint: 'change to a directory that is there',
      cause: error,
    });
  }
}
