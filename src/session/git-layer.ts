import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf, type LayerRef, type Root } from '../../cache/index.ts';
import type { BuildOptions } from '../build-options.ts';
import type { Tree } from '../image/toc/index.ts';
import { fileLocks } from '../host/sys/index.ts';
import { type OpDeps, writeTree } from '../ops/index.ts';
import { openContext } from '../sources/context/index.ts';
import { openGit } from '../sources/git/index.ts';
import { gitAuthHeader } from './auth-headers.ts';
import { makePublishLayer } from './publish-layer.ts';

type Request = Parameters<OpDeps['gitLayer']>[0];

/**
 * A commit's files as a layer: asked for once a build, made once a commit. A build that knows the commit's layer asks the
 * remote where the ref stands, and fetches nothing.
 */
export function makeGitLayer(root: Root, options: BuildOptions): OpDeps['gitLayer'] {
  let opened: ReturnType<typeof openGit> | undefined;
  const git = () => {
    opened ??= openGit({
      dir: join(root.dir, 'git'),
      env: { ...options.proxyEnv, PATH: options.workerEnv['PATH'] },
      locks: fileLocks,
      sshSocket: options.ssh.get('default'),
      caFile: options.caFile,
      authHeader: (host) => gitAuthHeader(host, options),
    });
    return opened;
  };
  const making = new Map<string, Promise<LayerRef>>();
  return (request, { signal }) => {
    const asked = JSON.stringify(request);
    const known = making.get(asked);
    if (known !== undefined) return known;
    const made = gitLayer(request, { git: git(), root, signal });
    making.set(asked, made);
    return made;
  };
}

async function gitLayer(
  request: Request,
  { git, root, signal }: { git: ReturnType<typeof openGit>; root: Root; signal: AbortSignal },
): Promise<LayerRef> {
  const found = await git.resolve(request, { signal });
  const { subdir = '', keepGitDir, submodules = true, mtime = 'checkout' } = request;
  const url = await git.urlOf(request);
  const key = digestOf(JSON.stringify([url, found.commit, subdir, keepGitDir, submodules, mtime]));
  const known = root.memo.get('git', key);
  if (known !== undefined) {
    const layer = JSON.parse(known) as LayerRef;
    if (root.layers.has(layer.diffID)) return layer;
  }
  const dir = root.tempPath('checkout');
  try {
    const { dir: top, committedSec } = await git.checkout(request, found, { dir, signal });
    const files = openContext(top);
    const tree = mtime === 'commit' ? dated(files, committedSec) : files;
    const layer = writeTree(tree, { publishLayer: makePublishLayer(root), signal });
    root.memo.put('git', key, JSON.stringify(layer));
    return layer;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** The same files, all of one time. */
function dated(tree: Tree, mtimeSec: number): Tree {
  return {
    lookup(path) {
      const entry = tree.lookup(path);
      return entry === undefined ? undefined : { ...entry, mtimeSec, mtimeNsec: 0 };
    },
    list: (path) => tree.list(path),
    digest: (entry) => tree.digest(tree.lookup(entry.path) ?? entry),
    read: (entry, sink) => tree.read(tree.lookup(entry.path) ?? entry, sink),
  };
}
