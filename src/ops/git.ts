import type { LayerRef } from '../../cache/index.ts';
import type { GitOp } from '../graph/index.ts';
import type { Tree } from '../image/toc/index.ts';
import type { OpRunner } from '../solver/index.ts';
import { planBind, writeCopy } from './copy/index.ts';
import type { OpDeps } from './deps.ts';
import { ownLayer } from './stack-key.ts';
import { writeLayer } from './write-layer.ts';

/** ADD of a repository: the files of a commit as a layer of their own, which the copy above takes from. */
export function gitOp(deps: Pick<OpDeps, 'gitLayer'>): OpRunner<GitOp> {
  return {
    async prepare({ op: { kind: _, ...request } }, _inputs, { signal }) {
      return { kind: 'given', result: { kind: 'stack', layers: [await deps.gitLayer(request, { signal })] } };
    },
  };
}

/** All of a tree as a published layer, as COPY would write it. */
export async function writeTree(
  tree: Tree,
  { publishLayer, signal }: Pick<OpDeps, 'publishLayer'> & { readonly signal: AbortSignal },
): Promise<LayerRef> {
  const { plan } = planBind(tree, '/', { signal });
  return ownLayer(await publishLayer((files) => writeLayer(files, (writer) => writeCopy(plan, writer))));
}
