import { type CheckedRoot, checkRoot } from '../../cache/index.ts';
import { fileLocks } from '../host/sys/index.ts';
import { openStateRoot } from './state-root.ts';

/** Reads everything that a root keeps and mends it by removing what is damaged. @throws BuildError root-unusable */
export async function checkCache(
  rootDir: string,
  { isDryRun, signal, warn }: { isDryRun: boolean; signal: AbortSignal; warn: (message: string) => void },
): Promise<CheckedRoot> {
  await using root = await openStateRoot(rootDir, warn);
  const tempPath = (purpose: string): string => root.tempPath(purpose);
  return await checkRoot({ rootDir: root.dir, locks: fileLocks, tempPath, isDryRun, signal });
}
