import { existsSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { LayerStore } from '../../../cache/index.ts';
import { makeBreather } from './breathe.ts';
import { assertIntact } from './damage.ts';
import { erofsImage } from './erofs/image.ts';
import { ImageRefused, InodeTreeMaker } from './erofs/inodes.ts';
import { isKeptWhole, keepImage } from './erofs/kept-image.ts';
import { type ImageMounts, type MountWay, openImageMounts } from './erofs/mounts.ts';
import type { LowerMaker, LowerRequest } from './lower.ts';
import { type Borrowed, borrow, lostText, needsOf, skippedText, withParents } from './standing.ts';

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
  return {
    name: 'erofs',
    async make(request, { signal }) {
      const { layers } = options;
      const { diffID } = request;
      if (options.yieldsToDirectories && layers.hasFs(diffID)) return undefined;
      assertIntact(layers, diffID);
      const image = await imageOf(request, { options, signal });
      if (image === undefined) return undefined;
      return { path: mountOnce(mounted, { image, tar: request.tarPath }, mounts) };
    },
  };
}

/** A tar that was replaced is another file system. */
function mountOnce(mounted: Map<string, string>, files: { image: string; tar: string }, mounts: ImageMounts): string {
  const key = [files.image, ...[files.image, files.tar].map((file) => statSync(file).ino)].join(' ');
  const known = mounted.get(key);
  if (known !== undefined) return known;
  const path = mounts.mount(files);
  mounted.set(key, path);
  return path;
}

interface Work {
  readonly options: ErofsMakerOptions;
  readonly signal: AbortSignal;
}

/** The path of a whole image; undefined for a layer that it cannot hold. */
async function imageOf(request: LowerRequest, work: Work): Promise<string | undefined> {
  const { layers } = work.options;
  const plain = join(layers.dir(request.diffID), 'erofs');
  if (existsSync(plain)) return whole(plain, { request, borrowed: undefined }, work);
  const needs = needsOf(request.toc);
  if (needs.linked.length > 0) return undefined;
  if (needs.parents.length === 0) return whole(plain, { request, borrowed: undefined }, work);
  const borrowed = borrow(needs, request.below(), 'erofs');
  return whole(`${plain}-${borrowed.name}`, { request, borrowed }, work);
}

interface Wanted {
  readonly request: LowerRequest;
  readonly borrowed: Borrowed | undefined;
}

async function whole(path: string, wanted: Wanted, work: Work): Promise<string | undefined> {
  const isWhole = isKeptWhole(path);
  if (isWhole === true) return path;
  if (isWhole === false) work.options.warn(`the EROFS image of ${wanted.request.diffID} is damaged; it is made again`);
  try {
    await makeImage(path, wanted, work);
    return path;
  } catch (error) {
    if (!(error instanceof ImageRefused)) throw error;
    return undefined;
  }
}

async function makeImage(path: string, { request, borrowed }: Wanted, { options, signal }: Work): Promise<void> {
  const { diffID, toc, tarPath } = request;
  const breathe = makeBreather(signal);
  const maker = new InodeTreeMaker(options.opaqueXattr);
  for (const entry of withParents(toc, borrowed)) {
    await breathe();
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
