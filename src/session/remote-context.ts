import { createReadStream, statSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import type { Root } from '../../cache/index.ts';
import type { BuildOptions } from '../build-options.ts';
import { BuildError } from '../errors.ts';
import { parseGitUrl } from '../frontend/index.ts';
import type { Http } from '../host/net/index.ts';
import type { Tree } from '../image/toc/index.ts';
import { lookupFollowed, type OpDeps, type OpenStack } from '../ops/index.ts';
import { type FetchedUrl, httpTree } from '../sources/http/index.ts';
import { parseGoBool } from '../util/go-bool.ts';
import { relPathOfText } from '../util/rel-path.ts';
import { withoutUser } from '../util/without-user.ts';
import { type FetchFile, makeFetchFile } from './fetch-file.ts';
import { type GitLayers, makeGitLayers } from './git-layer.ts';
import { type DockerfileSource, findDockerfile, MAX_DOCKERFILE_BYTES, spellings } from './source.ts';
import type { SshAgents } from './ssh-agents.ts';
import { bringStackTree } from './stacks.ts';

export interface RemoteDeps {
  readonly root: Root;
  readonly signal: AbortSignal;
  readonly gitLayer: OpDeps['gitLayer'];
  readonly fetchFile: FetchFile;
  readonly git: GitLayers;
  /** There is an epoch: files of a repository are dated by their commit. */
  readonly isDated: boolean;
}

export function makeRemoteDeps(
  root: Root,
  options: BuildOptions,
  { http, agents, signal }: { readonly http: Http; readonly agents: SshAgents; readonly signal: AbortSignal },
): RemoteDeps {
  const git = makeGitLayers(root, options, agents);
  return {
    ...{ root, signal, git },
    gitLayer: git.layer,
    fetchFile: makeFetchFile(root, options, http),
    isDated: options.isReproducible === true || (options.buildArgs.get('SOURCE_DATE_EPOCH') ?? '') !== '',
  };
}

/** A repository, a URL's file, or undefined for what is a path. @throws BuildError copy-invalid for a bad git query */
export function remoteKind(text: string): 'git' | 'http' | undefined {
  if (parseGitUrl(gitUrlOf(text)) !== undefined) return 'git';
  return /^https?:\/\//.test(text) ? 'http' : undefined;
}

/** Without user, password and query. */
export function shownRemote(text: string): string {
  return withoutUser(text).replace(/\?[^#]*/, '');
}

/** The same of the main context, which is the directory of this machine that has such a name, if there is one. */
export function mainKind({ context, cwd }: Pick<BuildOptions, 'context' | 'cwd'>): ReturnType<typeof remoteKind> {
  const kind = remoteKind(context);
  const isHere =
    kind !== undefined && statSync(resolve(cwd, context), { throwIfNoEntry: false })?.isDirectory() === true;
  return isHere ? undefined : kind;
}

/** `github.com/OWNER/NAME`, as docker takes it for a context. */
function gitUrlOf(text: string): string {
  return /^github\.com\/[^/#?]+\/[^/#?]+/.test(text)
    ? `https://${text.replace(/^([^#?]*?)(\.git)?(?=[#?]|$)/, '$1.git')}`
    : text;
}

/** What a git URL asks for; undefined for anything else. @throws BuildError copy-invalid for a bad git query */
export function gitRequest(text: string, { isDated }: Pick<RemoteDeps, 'isDated'>) {
  const request = parseGitUrl(gitUrlOf(text));
  if (request === undefined) return undefined;
  const { keepGitDir = false, mtime = isDated ? 'commit' : 'checkout' } = request;
  return { ...request, keepGitDir, mtime };
}

/** What the main context asks for: the build argument BUILDKIT_CONTEXT_KEEP_GIT_DIR keeps its .git, whatever its URL says. */
export function mainGitRequest(
  options: Pick<BuildOptions, 'context' | 'cwd' | 'buildArgs'>,
  deps: Pick<RemoteDeps, 'isDated'>,
) {
  const request = mainKind(options) === 'git' ? gitRequest(options.context, deps) : undefined;
  const isKept = parseGoBool(options.buildArgs.get('BUILDKIT_CONTEXT_KEEP_GIT_DIR') ?? '') === true;
  return request === undefined || !isKept ? request : { ...request, keepGitDir: true };
}

/** The files of a repository at a commit, read out of a layer. */
export async function openGitContext(
  request: ReturnType<typeof gitRequest>,
  { root, signal, gitLayer }: RemoteDeps,
): Promise<OpenStack> {
  if (request === undefined) throw new Error('not a git URL');
  const layer = await gitLayer(request, { signal });
  // a damaged one is made again
  return bringStackTree(root, [layer], () => gitLayer(request, { signal }));
}

/** A named context that is a URL: a directory with that one file, packed as it is, under the name that the server gives it. */
export async function openHttpContext(url: string, { signal, fetchFile }: RemoteDeps): Promise<Tree> {
  const file = await fetchFile(url, { signal });
  // its path may be a pattern here
  const { isRemote: _, ...tree } = httpTree({ ...file, name: file.offeredName ?? file.name });
  return tree;
}

/** What a URL gives, piece by piece. @throws BuildError http-failed */
export async function* fetchBytes(
  url: string,
  { fetchFile, signal }: RemoteDeps,
  limit: { readonly maxBytes?: number } = {},
): AsyncGenerator<Uint8Array> {
  yield* bytesOf(await fetchFile(url, { ...limit, signal }), { signal });
}

export async function* bytesOf(
  { path }: Pick<FetchedUrl, 'path'>,
  { signal }: { readonly signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  for await (const chunk of createReadStream(path, { signal })) yield chunk as Buffer;
}

/** The Dockerfile of a repository or a URL's archive; an absolute -f is a file of this machine. @throws BuildError dockerfile-missing */
export function dockerfileOfRemote(tree: Tree, { file, cwd }: Pick<BuildOptions, 'file' | 'cwd'>): DockerfileSource {
  return file !== undefined && isAbsolute(file) ? findDockerfile(cwd, { file, cwd }) : dockerfileIn(tree, { file });
}

/**
 * The Dockerfile of a context that came from elsewhere. Links are followed within it, and nowhere else.
 * @throws BuildError dockerfile-missing
 */
export function dockerfileIn(tree: Tree, { file = 'Dockerfile' }: Pick<BuildOptions, 'file'>): DockerfileSource {
  const names = spellings(file);
  for (const name of names) {
    const entry = lookupFollowed(tree, relPathOfText(name));
    if (entry?.type !== 'file') continue;
    if (entry.size > MAX_DOCKERFILE_BYTES)
      throw new BuildError('dockerfile-missing', `${name} is larger than 16 MiB: no Dockerfile`);
    const chunks: Buffer[] = [];
    tree.read(entry, (chunk) => void chunks.push(Buffer.from(chunk)));
    return { file: name, text: Buffer.concat(chunks) };
  }
  throw new BuildError('dockerfile-missing', `${file} is not in the build context`, {
    hint: 'name the Dockerfile with -f FILE',
  });
}
