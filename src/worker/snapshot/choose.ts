import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { BuildError } from '../../errors.ts';
import { CopySnapshots } from './copy-snapshots.ts';
import { directoryMaker } from './directory-maker.ts';
import { type ErofsSupport, probeErofs } from './erofs/probe.ts';
import { type ErofsMakerOptions, erofsMaker } from './erofs-maker.ts';
import type { LowerMaker } from './lower.ts';
import { openOverlays, overlayOptions } from './overlay.ts';
import { OverlaySnapshots } from './overlay-snapshots.ts';
import { probeOverlay } from './probe.ts';
import type { Snapshots } from './snapshots.ts';
import type { StacksOptions } from './stacks.ts';

export interface SnapshotsOptions extends StacksOptions {
  /** A directory of the worker's own tmpfs. The process's working directory moves into it. */
  readonly runDir: string;
  /** How layers become file systems: `auto` takes the best that works on this root. */
  readonly lower: 'auto' | 'erofs' | 'directory' | 'copy';
}

/** @throws BuildError overlay-refused, lower-refused */
export function openSnapshots(options: SnapshotsOptions): Snapshots {
  const { lower } = options;
  if (lower === 'copy') return new CopySnapshots(options);
  try {
    return overlaySnapshots(options);
  } catch (error) {
    if (lower !== 'auto' || !(error instanceof BuildError)) throw error;
    return new CopySnapshots({ ...options, notes: [`each RUN works on a full copy of its files: ${error.message}`] });
  }
}

/** Everything is tried before anything is made: what is refused is refused to the next RUN in the same words. */
function overlaySnapshots(options: SnapshotsOptions): Snapshots {
  const { runDir, isUserNamespace, tempPath, lower } = options;
  const { isVolatile } = probeOverlay({ temp: tempPath('probe'), runDir, isUserNamespace });
  const support = lower === 'directory' ? undefined : probeErofsHere(options);
  const overlays = openOverlays({ dir: runDir, isUserNamespace, isVolatile });
  const { opaqueXattr } = overlays;
  const directory = directoryMaker({ ...options, opaqueXattr });
  if (support !== undefined && 'way' in support) {
    const erofs = erofsHere(options, { way: support.way, opaqueXattr });
    return new OverlaySnapshots({ ...options, overlays, makers: [erofs, directory] });
  }
  const notes = support === undefined ? [] : [`layers are unpacked into directories: ${support.obstacle}`];
  return new OverlaySnapshots({ ...options, overlays, makers: [directory], notes });
}

/** @throws BuildError lower-refused when nothing else will do */
function probeErofsHere({ runDir, isUserNamespace, tempPath, lower }: SnapshotsOptions): ErofsSupport {
  const support = probeErofs({
    ...{ temp: tempPath('probe-erofs'), runDir, isUserNamespace },
    overlayOptions: overlayOptions({ isUserNamespace, isVolatile: false }),
  });
  if (lower !== 'erofs' || 'way' in support) return support;
  throw new BuildError('lower-refused', `--lower=erofs does not work here: ${support.obstacle}`, {
    hint: 'leave --lower out, or give --lower=directory',
  });
}

function erofsHere(options: SnapshotsOptions, how: Pick<ErofsMakerOptions, 'way' | 'opaqueXattr'>): LowerMaker {
  const mountDir = join(options.runDir, 'erofs');
  mkdirSync(mountDir, { mode: 0o755 });
  return erofsMaker({ ...options, ...how, mountDir, yieldsToDirectories: options.lower === 'auto' });
}
