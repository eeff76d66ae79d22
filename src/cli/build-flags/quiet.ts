import { BuildError } from '../../errors.ts';
import type { BuildFlags } from './parse.ts';

/** True when only the image's id is to be printed: `-q`, or `--progress=quiet`. @throws BuildError usage beside another --progress */
export function isQuiet({ quiet, progress }: Pick<BuildFlags, 'quiet' | 'progress'>): boolean {
  if (quiet !== true) return progress === 'quiet';
  if (progress === undefined || progress === 'auto' || progress === 'quiet') return true;
  throw new BuildError('usage', `progress=${progress} and quiet cannot be used together`, {
    hint: 'leave one of them out',
  });
}
