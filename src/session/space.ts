import { join } from 'node:path';
import { type KeptImage, type SpaceUsage, spaceUsage } from '../../cache/index.ts';
import { openNames } from '../image/names/index.ts';
import { nowMs } from '../util/clock.ts';

/** What takes the space of a root: bytes on disk, seen from several sides. */
export function measureSpace(rootDir: string): SpaceUsage & { readonly unreadable: readonly string[] } {
  return spaceUsage(rootDir, { images: keptImages(rootDir), nowMs: nowMs() });
}

/** The images that have names in the root. */
export function keptImages(rootDir: string): readonly KeptImage[] {
  const names = openNames(join(rootDir, 'images'), { now: nowMs });
  return names.list().map(({ name, image }) => ({
    ...{ name, isPulled: image.kind === 'pulled' },
    ...{ manifest: image.manifest, config: image.config, layers: image.layers },
  }));
}
