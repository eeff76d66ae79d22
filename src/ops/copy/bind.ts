import { type Digest, digestOf, type Memo } from '../../../cache/index.ts';
import { IMPLIED_DIRECTORY } from '../../image/archive/index.ts';
import type { Tree, TreeEntry } from '../../image/toc/index.ts';
import { latin1Of, relPath, TOP } from '../../util/rel-path.ts';
import { applyFiles } from './apply-files.ts';
import { LayerDraft } from './draft.ts';
import { EMPTY_TREE } from './empty-tree.ts';
import { sourceMissing } from './missing.ts';
import type { CopyPlan } from './plan.ts';
import { recallBy } from './recalled-digest.ts';
import { lookupFollowed, makeSelection } from './select.ts';
import type { SelectedFiles, Selection } from './selection.ts';
import { itemOf, walkDirectory } from './walk.ts';

/** What a bind mount shows. */
export interface BindContent {
  /** Of everything that the mount shows. */
  readonly digest: Digest;
  /** To explain a miss; as Selection.files. */
  readonly files: Selection['files'];
}

export interface BindPlan {
  readonly plan: Pick<CopyPlan, 'draft' | 'selection'>;
  /** Where it lies in the layer: `/` for a directory. */
  readonly mountSource: string;
}

interface BindOptions {
  readonly signal: AbortSignal;
  /** Remembers digests of selections. */
  readonly memo?: Memo;
}

/**
 * A RUN's bind mount of a path of a tree: what COPY would take, attributes of the directory itself included. Those of the top count no
 * more than in a layer: BuildKit's contexts have none.
 * @throws BuildError mount-failed when the path is not there
 */
export function bindContent(tree: Tree, source: string, options: BindOptions): BindContent {
  const { selection, directory } = selectBind(tree, source, options);
  const { mode, uid, gid } = directory ?? {};
  const digest = digestOf(`${selection.digest} ${directory === undefined ? 'file' : `${mode} ${uid} ${gid}`}`);
  return {
    digest,
    get files() {
      return selection.files;
    },
  };
}

/**
 * The same as a layer that can be mounted.
 * @throws BuildError mount-failed when the path is not there
 */
export function planBind(tree: Tree, source: string, options: BindOptions): BindPlan {
  const { selection, files, directory } = selectBind(tree, source, options);
  const draft = new LayerDraft(EMPTY_TREE);
  applyFiles(draft, files, { dest: '/', how: { owner: undefined, chmod: undefined, nowSec: 0, blocksStay: true } });
  if (directory !== undefined) Object.assign(draft.directory(TOP), directory);
  return { plan: { draft, selection }, mountSource: directory === undefined ? '/file' : '/' };
}

interface BoundFiles {
  readonly selection: Selection;
  readonly files: SelectedFiles;
  /** Of the mount itself; undefined for a file. */
  readonly directory: Pick<TreeEntry, 'mode' | 'uid' | 'gid'> | undefined;
}

function selectBind(tree: Tree, source: string, { signal, memo }: BindOptions): BoundFiles {
  const top = lookupFollowed(tree, relPath(latin1Of(source)));
  if (top === undefined) throw sourceMissing(tree, source, { code: 'mount-failed', name: 'bind mount source' });
  const isDirectory = top.type === 'directory';
  const items = isDirectory ? walkDirectory(tree, top.path, { excludes: [], signal }) : itemOf(tree, top);
  const files: SelectedFiles = { kind: 'files', tree, name: 'file', top, items };
  const { mode, uid, gid } = top.path === TOP ? IMPLIED_DIRECTORY : top;
  const selection = makeSelection([files], recallBy(memo, ['bind', source]));
  return { selection, files, directory: isDirectory ? { mode, uid, gid } : undefined };
}
