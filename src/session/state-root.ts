import { openRoot, type Root, RootError } from '../../cache/index.ts';
import { BuildError } from '../errors.ts';
import { openQuickSignature } from '../host/fs/index.ts';
import { fileLocks } from '../host/sys/index.ts';
import { nowMs } from '../util/clock.ts';

/** @throws BuildError root-unusable */
export async function openStateRoot(dir: string, onWarning: (message: string) => void): Promise<Root> {
  try {
    return await openRoot(dir, {
      locks: fileLocks,
      now: nowMs,
      quickSignature: await openQuickSignature(),
      onWarning,
    });
  } catch (error) {
    if (!(error instanceof RootError)) throw error;
    throw rootUnusable(error.message, error);
  }
}

export function rootUnusable(message: string, cause: unknown): BuildError {
  return new BuildError('root-unusable', message, {
    cause,
    hint: 'give another state directory with --root DIR or TSBUILD_ROOT',
  });
}
