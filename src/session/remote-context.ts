import { isAbsolute } from 'node:path';
import type { Root } from '../../cache/index.ts';
import type { BuildOptions } from '../build-options.ts';
import { BuildError } from '../errors.ts';
import { parseGitUrl } from '../frontend/index.ts';
import type { Http } from '../host/net/index.ts';
import type { Tree } from '../image/toc/index.ts';
import { lookupFollowed, type OpDeps, type OpenStack } from '../ops/index.ts';
import { fetchUrl, httpTree } from '../sources/http/index.ts';
import { relPathOfText } from '../util/rel-path.ts';
import { type DockerfileSource, findDockerfile, MAX_DOCKERFILE_BYTES } from './source.ts';
import { openStackTree } from './stacks.ts';

export interface RemoteDeps {
  readonly root: Root;
  readonly signal: AbortSignal;
  readonly gitLayer: OpDeps['gitLayer'];
  readonly http: Http;
}

/** A repository, a URL's file, or undefined for what is a path. @throws BuildError copy-invalid for a bad git query */
export function remoteKind(text: string): 'git' | 'http' | undefined {
  if (parseGitUrl(gitUrlOf(text)) !== undefined) return 'git';
  return /^https?:\/\//.test(text) ? 'http' : undefined;
}

/** `github.com/OWNER/NAME`, as docker takes it for a context. */
function gitUrlOf(text: string): string {
  return /^github\.com\/[^/#?]+\/[^/#?]+/.test(text)
    ? `https://${text.replace(/^([^#?]*?)(\.git)?(?=[#?]|$)/, '$1.git')}`
    : text;
}

/** The files of a repository at a commit, read out of a layer. */
export async function openGitContext(text: string, { root, signal, gitLayer }: RemoteDeps): Promise<OpenStack> {
  const request = parseGitUrl(gitUrlOf(text));
  if (request === undefined) throw new Error('not a git URL');
  return openStackTree(root, [await gitLayer({ ...request, keepGitDir: request.keepGitDir ?? false }, { signal })]);
}

/** A named context that is a URL: a directory with that one file, packed as it is. */
export async function openHttpContext(url: string, { root, signal, http }: RemoteDeps): Promise<Tree> {
  const dest = root.tempPath('fetched');
  const file = await fetchUrl(url, {
    dest,
    fetchFn: (wanted, options) => http.request({ url: wanted, ...options }),
    signal,
  });
  // its path may be a pattern here
  const { isRemote: _, ...tree } = httpTree(file);
  return tree;
}

/** What a URL gives, piece by piece. @throws BuildError http-failed */
export async function* fetchBytes(url: string, { http, signal }: RemoteDeps): AsyncGenerator<Uint8Array> {
  const shown = url.replace(/^(\w+:\/\/)[^/@]*@/, '$1').replace(/[?#].*$/, '');
  try {
    const response = await http.request({ url, signal });
    if (response.status < 200 || response.status >= 300) {
      await response.discard();
      throw new BuildError('http-failed', `${shown}: invalid response status ${response.status}`, {
        hint: 'check the URL',
      });
    }
    yield* response.body;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof BuildError || !(error instanceof Error)) throw error;
    throw new BuildError('http-failed', `${shown}: ${error.message}`, {
      cause: error,
      hint: 'check the URL, the network and the proxy settings',
    });
  }
}

/**
 * The Dockerfile of a context that came from elsewhere. Links are followed within it, and nowhere else; an absolute -f is a
 * file of this machine.
 * @throws BuildError dockerfile-missing
 */
export function dockerfileIn(tree: Tree, { file, cwd }: Pick<BuildOptions, 'file' | 'cwd'>): DockerfileSource {
  if (file !== undefined && isAbsolute(file)) return findDockerfile(cwd, { file, cwd });
  const names = file === undefined ? ['Dockerfile', 'dockerfile'] : [file];
  for (const name of names) {
    const entry = lookupFollowed(tree, relPathOfText(name));
    if (entry?.type !== 'file') continue;
    if (entry.size > MAX_DOCKERFILE_BYTES)
      throw new BuildError('dockerfile-missing', `${name} is larger than 16 MiB: no Dockerfile`);
    const chunks: Buffer[] = [];
    tree.read(entry, (chunk) => void chunks.push(Buffer.from(chunk)));
    return { file: name, text: Buffer.concat(chunks) };
  }
  throw new BuildError('dockerfile-missing', `${names[0]} is not in the build context`, {
    hint: 'name the Dockerfile with -f FILE',
  });
}
