import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf, type LayerRef, type Root } from '../../cache/index.ts';
import type { BuildOptions } from '../build-options.ts';
import { fileLocks } from '../host/sys/index.ts';
import { type OpDeps, writeTree } from '../ops/index.ts';
import { openContext } from '../sources/context/index.ts';
import { type GitRequest, openGit } from '../sources/git/index.ts';
import { makePublishLayer } from './publish-layer.ts';
import { readSecret } from './secrets.ts';

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
      authHeader: (host) => authHeader(host, options),
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
  request: GitRequest,
  { git, root, signal }: { git: ReturnType<typeof openGit>; root: Root; signal: AbortSignal },
): Promise<LayerRef> {
  const found = await git.resolve(request, { signal });
  const { url, subdir = '', keepGitDir = false, submodules = true } = request;
  const key = digestOf(JSON.stringify([url, found.commit, subdir, keepGitDir, submodules]));
  const known = root.memo.get('git', key);
  if (known !== undefined) {
    const layer = JSON.parse(known) as LayerRef;
    if (root.layers.has(layer.diffID)) return layer;
  }
  const dir = root.tempPath('checkout');
  try {
    const top = await git.checkout(request, found, { dir, signal });
    const layer = writeTree(openContext(top), { publishLayer: makePublishLayer(root), signal });
    root.memo.put('git', key, JSON.stringify(layer));
    return layer;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** The secrets that BuildKit has for this, that of the host first. */
async function authHeader(host: string, { secrets }: BuildOptions): Promise<string | undefined> {
  for (const suffix of [`.${host}`, '']) {
    const header = await readSecret(`GIT_AUTH_HEADER${suffix}`, secrets);
    if (header !== undefined) return Buffer.from(header).toString('utf8').trim();
    const token = await readSecret(`GIT_AUTH_TOKEN${suffix}`, secrets);
    if (token === undefined) continue;
    const pair = `x-access-token:${Buffer.from(token).toString('utf8').trim()}`;
    return `Basic ${Buffer.from(pair).toString('base64')}`;
  }
  return undefined;
}
