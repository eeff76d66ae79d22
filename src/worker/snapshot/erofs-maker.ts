import { existsSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type DiffID, isKeptWhole, keepImage, type LayerStore } from '../../../cache/index.ts';
import { makeBreather } from '../../util/breathe.ts';
import { assertIntact, layerDamaged } from './damage.ts';
import { erofsImage } from './erofs/image.ts';
import { ImageRefused, InodeTreeMaker } from './erofs/inodes.ts';
import { type MountWay, openImageMounts } from './erofs/mounts.ts';
import type { LowerDir, LowerMaker, LowerRequest } from './lower.ts';
import { type Borrowed, borrow, lostText, type Needs, needsOf, skippedText, withParents } from './standing.ts';

export interface ErofsMakerOptions {
  readonly layers: LayerStore;
  readonly tempPath: (purpose: string) => string;
  /** An empty directory of the worker's own tmpfs. */
  readonly mountDir: string;
  readonly way: MountWay;
  readonly opaqueXattr: string;
  /** Directories that are there already are left to the maker of directories. */
  readonly yieldsToDirectories: boolean;
  readonly warn: (message: string) => void;
}

/**
 * Mounts a layer's tar as it is, with an image of its metadata beside it (`erofs`; `erofs-<name>` for a layer that borrows directories from
 * those below). The image is kept with the layer, and made again when it is not whole.
 */
export function erofsMaker(options: ErofsMakerOptions): LowerMaker {
  const mounts = openImageMounts(options.mountDir, options.way);
  const mounted = new Map<string, string>();
  const needs = new Map<DiffID, Needs>();
  return {
    name: 'erofs',
    async make(request, { signal }) {
      const { layers } = options;
      const { diffID } = request;
      if (options.yieldsToDirectories && layers.hasFs(diffID)) return undefined;
      assertIntact(layers, diffID);
      const wanted = wantedOf(request, { options, needs });
      if (wanted === undefined) return undefined;
      const lower = (path: string, key: string): LowerDir => ({
        path,
        assertUnchanged() {
          assertIntact(layers, diffID);
          if (mountKey(wanted) !== key) throw layerDamaged(diffID);
        },
      });
      const key = mountKey(wanted);
      const known = mounted.get(key);
      if (known !== undefined) return lower(known, key);
      if (!(await makeWhole(wanted, { options, signal }))) return undefined;
      const made = mountKey(wanted);
      const path = mounts.mount({ image: wanted.path, tar: request.tarPath });
      mounted.set(made, path);
      return lower(path, made);
    },
  };
}

/** A tar or an image that was replaced, or written to, is another file system. */
function mountKey({ path, request }: Wanted): string {
  const stamps = [path, request.tarPath].map((file) => {
    const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
    return stat === undefined ? 'none' : [stat.ino, stat.size, stat.mtimeNs].join('-');
  });
  return [path, ...stamps].join(' ');
}

interface Work {
  readonly options: ErofsMakerOptions;
  readonly signal: AbortSignal;
}

/** An image, there or not. */
interface Wanted {
  readonly path: string;
  readonly request: LowerRequest;
  readonly borrowed: Borrowed | undefined;
}

/** Undefined for a layer that links into those below: their files are on no device of its image; and for one that needs them before they are here. */
function wantedOf(
  request: LowerRequest,
  { options, needs }: { options: ErofsMakerOptions; needs: Map<DiffID, Needs> },
): Wanted | undefined {
  const { diffID, toc } = request;
  const plain = join(options.layers.dir(diffID), 'erofs');
  const needed = needs.get(diffID) ?? (existsSync(plain) ? NOTHING : needsOf(toc));
  needs.set(diffID, needed);
  if (needed.linked.length > 0) return undefined;
  if (needed.parents.length === 0) return { path: plain, request, borrowed: undefined };
  if (request.below === undefined) return undefined;
  const borrowed = borrow(needed, request.below(), 'erofs');
  return { path: `${plain}-${borrowed.name}`, request, borrowed };
}

const NOTHING: Needs = { parents: [], linked: [] };

/** False for a layer that an image cannot hold. */
async function makeWhole(wanted: Wanted, work: Work): Promise<boolean> {
  const isWhole = isKeptWhole(wanted.path);
  if (isWhole === true) return true;
  if (isWhole === false) work.options.warn(`the EROFS image of ${wanted.request.diffID} is damaged; it is made again`);
  try {
    await makeImage(wanted, work);
    return true;
  } catch (error) {
    if (!(error instanceof ImageRefused)) throw error;
    return false;
  }
}

async function makeImage({ path, request, borrowed }: Wanted, { options, signal }: Work): Promise<void> {
  const { diffID, toc, tarPath } = request;
  const breathe = makeBreather(signal);
  const maker = new InodeTreeMaker(options.opaqueXattr);
  for (const entry of withParents(toc, borrowed)) {
    const pause = breathe();
    if (pause !== undefined) await pause;
    maker.add(entry);
  }
  const tree = maker.finish();
  const uuid = Buffer.from(diffID.slice('sha256:'.length), 'hex').subarray(0, 16);
  const temp = options.tempPath('erofs');
  try {
    keepImage(erofsImage(tree, { tarBytes: statSync(tarPath).size, uuid }), { path, temp });
  } finally {
    rmSync(temp, { force: true });
  }
  if (tree.skipped.length > 0) options.warn(skippedText(tree.skipped));
  if (tree.lost.size > 0) options.warn(lostText(tree.lost));
}
