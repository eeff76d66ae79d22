import { join } from 'node:path';
import { digestOf, type LayerRef, type Root, removeTree } from '../../cache/index.ts';
import type { BuildOptions } from '../build-options.ts';
import { fileLocks } from '../host/sys/index.ts';
import type { Tree } from '../image/toc/index.ts';
import { type OpDeps, writeTree } from '../ops/index.ts';
import { openContext } from '../sources/context/index.ts';
import { openGit, type ResolvedGit } from '../sources/git/index.ts';
import { gitAuthHeader } from './auth-headers.ts';
import { makePublishLayer } from './publish-layer.ts';
import type { SshAgents } from './ssh-agents.ts';

type Request = Parameters<OpDeps['gitLayer']>[0];

export interface GitLayers {
  /**
   * A commit's files as a layer: asked for once a build, made once a commit. A build that knows the commit's layer asks the
   * remote where the ref stands, and fetches nothing.
   */
  readonly layer: OpDeps['gitLayer'];
  /** When a commit was made, in seconds. */
  readonly date: (request: Request, options: { signal: AbortSignal }) => Promise<number>;
  /** Of the commit that a directory of this machine has checked out; undefined outside of repositories. */
  readonly dateOfDirectory: (dir: string, options: { signal: AbortSignal }) => Promise<number | undefined>;
}

export function makeGitLayers(root: Root, options: BuildOptions, agents: SshAgents): GitLayers {
  let opened: ReturnType<typeof openGit> | undefined;
  const git = () => {
    opened ??= openGit({
      dir: join(root.dir, 'git'),
      env: { ...options.proxyEnv, PATH: options.workerEnv['PATH'] },
      locks: fileLocks,
      sshSocket: agents.shortPath('default'),
      caFile: options.caFile,
      authHeader: (host) => gitAuthHeader(host, options),
    });
    return opened;
  };
  const making = new Map<string, Promise<Commit>>();
  const commitOf = (request: Request, { signal }: { signal: AbortSignal }): Promise<Commit> => {
    const asked = JSON.stringify(request);
    const known = making.get(asked);
    if (known !== undefined) return known;
    const made = makeCommit(request, { git: git(), root, signal });
    making.set(asked, made);
    return made;
  };
  return {
    layer: async (request, deps) => (await commitOf(request, deps)).layer,
    date: async (request, deps) => (await commitOf(request, deps)).date,
    dateOfDirectory: (dir, deps) => git().dateOfDirectory(dir, deps),
  };
}

interface Commit {
  readonly layer: LayerRef;
  readonly date: number;
}

async function makeCommit(
  request: Request,
  { git, root, signal }: { git: ReturnType<typeof openGit>; root: Root; signal: AbortSignal },
): Promise<Commit> {
  const found = await git.resolve(request, { signal });
  const { subdir = '', keepGitDir, submodules = true, mtime = 'checkout' } = request;
  const url = await git.urlOf(request);
  const key = digestOf(JSON.stringify([url, found.commit, subdir, keepGitDir, submodules, mtime, ...keptOf(found)]));
  const known = root.memo.get('git', key);
  const date = root.memo.get('git-date', found.commit);
  if (known !== undefined && date !== undefined) {
    const layer = JSON.parse(known) as LayerRef;
    if (root.layers.isTarIntact(layer.diffID)) return { layer, date: Number(date) };
  }
  const dir = root.tempPath('checkout');
  try {
    const { dir: top, committedSec } = await git.checkout(request, found, { dir, signal });
    const files = openContext(top);
    const tree = mtime === 'commit' ? dated(files, committedSec) : files;
    const layer = await writeTree(tree, { publishLayer: makePublishLayer(root), signal });
    root.memo.put('git', key, JSON.stringify(layer));
    root.memo.put('git-date', found.commit, String(committedSec));
    return { layer, date: committedSec };
  } finally {
    await removeTree(dir);
  }
}

/** What a kept .git tells beside the commit. */
function keptOf({ tag, refs }: ResolvedGit): readonly unknown[] {
  return refs.length === 0 ? [] : [refs, tag];
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
