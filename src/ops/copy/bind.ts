import { type Digest, digestOf } from '../../../cache/index.ts';
import { IMPLIED_DIRECTORY } from '../../image/archive/index.ts';
import type { Tree } from '../../image/toc/index.ts';
import { latin1Of, relPath, TOP } from '../../util/rel-path.ts';
import { applyFiles } from './apply-files.ts';
import { LayerDraft } from './draft.ts';
import { EMPTY_TREE } from './empty-tree.ts';
import { sourceMissing } from './missing.ts';
import type { CopyPlan } from './plan.ts';
import { lookupFollowed, makeSelection } from './select.ts';
import type { SelectedFiles, Selection } from './selection.ts';
import { itemOf, walkDirectory } from './walk.ts';

export interface BindPlan {
  readonly plan: Pick<CopyPlan, 'draft' | 'selection'>;
  /** Of everything that the mount shows. */
  readonly digest: Digest;
  /** To explain a miss. */
  readonly files: Selection['files'];
  /** Where it lies in the layer: `/` for a directory. */
  readonly mountSource: string;
}

/**
 * A RUN's bind mount of a path of a tree, as a layer that can be mounted: what COPY would take, attributes of the
 * directory itself included. Those of the top count no more than in a layer: BuildKit's contexts have none.
 * @throws BuildError mount-failed when the path is not there
 */
export function planBind(tree: Tree, source: string, { signal }: { readonly signal: AbortSignal }): BindPlan {
  const top = lookupFollowed(tree, relPath(latin1Of(source)));
  if (top === undefined) throw sourceMissing(tree, source, { code: 'mount-failed', name: 'bind mount source' });
  const isDirectory = top.type === 'directory';
  const items = isDirectory ? walkDirectory(tree, top.path, { excludes: [], signal }) : itemOf(tree, top);
  const files: SelectedFiles = { kind: 'files', tree, name: 'file', top, items };
  const selection = makeSelection([files]);
  const draft = new LayerDraft(EMPTY_TREE);
  applyFiles(draft, files, { dest: '/', how: { owner: undefined, chmod: undefined, nowSec: 0, blocksStay: true } });
  const { mode, uid, gid } = top.path === TOP ? IMPLIED_DIRECTORY : top;
  if (isDirectory) Object.assign(draft.directory(TOP), { mode, uid, gid });
  const digest = digestOf(`${selection.digest} ${isDirectory ? `${mode} ${uid} ${gid}` : 'file'}`);
  return { plan: { draft, selection }, digest, mountSource: isDirectory ? '/' : '/file', files: selection.files };
}
