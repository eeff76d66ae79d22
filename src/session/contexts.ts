import { resolve } from 'node:path';
import { NO_ENTRY, type Root } from '../../cache/index.ts';
import type { BuildOptions } from '../build-options.ts';
import { isFileOutput } from '../exporter/index.ts';
import type { LowerOptions } from '../frontend/index.ts';
import { growHeapSlowly } from '../host/process/index.ts';
import { lgetxattr } from '../host/sys/index.ts';
import type { Tree } from '../image/toc/index.ts';
import type { OpenStack } from '../ops/index.ts';
import {
  type ContextOptions,
  type ContextTree,
  findIgnoreFile,
  openContext,
  type StatIndex,
} from '../sources/context/index.ts';
import { type IgnoreRule, makeMatcher } from '../util/match/index.ts';
import { pathBelow } from '../util/path-below.ts';
import { latin1Of, type RelPath, relPath } from '../util/rel-path.ts';
import { isImageContext } from './lower-options.ts';
import { outputsOf } from './outputs.ts';
import {
  bytesOf,
  dockerfileOfRemote,
  fetchBytes,
  gitRequest,
  mainGitRequest,
  mainKind,
  openGitContext,
  openHttpContext,
  type RemoteDeps,
  remoteKind,
  shownRemote,
} from './remote-context.ts';
import {
  assertDirectory,
  contextDirectory,
  type DockerfileSource,
  findDockerfile,
  MAX_DOCKERFILE_BYTES,
  readDockerfile,
} from './source.ts';
import { readStdin, type StdinSources, unpackStream } from './stdin.ts';

export interface Contexts extends AsyncDisposable {
  /** The main context's directory, or `-`; for naming the build. */
  readonly dir: string;
  readonly dockerfile: DockerfileSource;
  readonly ignoreRules: LowerOptions['ignorePatterns'];
  /** A context by name, '' for the main one; opened once. */
  open(name: string): Promise<ContextTree>;
}

/**
 * Finds the main context, its Dockerfile and its ignore file; named contexts are opened when a step asks for them. Nothing is
 * copied: files are read in place.
 * @throws BuildError context-missing when the main or a named context is to be a directory, and is none
 */
export async function openContexts(
  options: BuildOptions,
  { root, signal, remote }: { root: Root; signal: AbortSignal; remote?: RemoteDeps },
): Promise<Contexts> {
  assertNamedContexts(options);
  const main = await openMain(options, { root, signal, remote });
  const { dir, ignoresNothing } = main;
  const ignore = dir === undefined || ignoresNothing ? undefined : findIgnoreFile(dir, main.dockerfile.path);
  const dockerfile = main.dockerfile;
  const opened = new Map<string, Promise<ContextTree>>();
  const statIndex = root.stat('bare-files');
  const open: Open = (host, rules, attributesOf) =>
    openContext(host, {
      statIndex: options.isParanoid === true ? forgetful(statIndex) : statIndex,
      getXattr: lgetxattr,
      onMany: growHeapSlowly,
      ...(rules === undefined ? {} : { ignore: makeMatcher(rules, { entersByName: true }) }),
      skip: ownBelow(host, options),
      attributesOf,
    });
  const openBare = (dir: string): ContextTree => open(dir, findIgnoreFile(dir)?.rules);
  const named = async (name: string): Promise<ContextTree> => {
    const value = options.contexts.get(name) ?? '';
    const kind = remoteKind(value);
    if (kind === undefined || remote === undefined) return openBare(resolve(options.cwd, value));
    if (kind === 'http') return whole(await openHttpContext(value, remote));
    const tree = await openGitContext(gitRequest(value, remote), remote);
    trees.push(tree);
    return whole(tree);
  };
  const trees: OpenStack[] = main.tree === undefined ? [] : [main.tree];
  return {
    dir: ignoresNothing ? shownRemote(options.context) : (dir ?? ''),
    dockerfile,
    ignoreRules: (ignore?.rules ?? []).map(({ pattern, line, file, negated }) => ({
      pattern: negated ? `!${pattern}` : pattern,
      line,
      file: file ?? ignore?.name ?? '',
    })),
    open(name) {
      let tree = opened.get(name);
      if (tree === undefined) {
        tree =
          name === ''
            ? Promise.resolve(
                main.tree === undefined ? open(main.dir ?? '', ignore?.rules, main.attributesOf) : whole(main.tree),
              )
            : named(name);
        tree.catch(() => undefined);
        opened.set(name, tree);
      }
      return tree;
    },
    async [Symbol.asyncDispose]() {
      statIndex.save();
      for (const tree of trees) tree.close();
      await main.dispose?.();
    },
  };
}

/** Keeps what is read now, and knows nothing of before. */
function forgetful(index: StatIndex): StatIndex {
  return {
    isForgetful: true,
    find: () => NO_ENTRY,
    digest: (entry) => index.digest(entry),
    copyDigest: (entry, into, offset) => index.copyDigest(entry, into, offset),
    put: (stat, digest, readBeganNs) => index.put(stat, digest, readBeganNs),
  };
}

/** Files that no rule keeps out. */
function whole(tree: Tree): ContextTree {
  return {
    lookup: (path) => tree.lookup(path),
    list: (path) => tree.list(path),
    digest: (entry) => tree.digest(entry),
    read: (entry, sink) => tree.read(entry, sink),
    excludedBy: () => undefined,
    ruleFor: () => undefined,
    hidden: () => [],
  };
}

type Open = (
  host: string,
  rules: readonly IgnoreRule[] | undefined,
  attributesOf?: ContextOptions['attributesOf'],
) => ContextTree;

interface MainContext {
  /** Of a context that lies on this machine, or was unpacked. */
  readonly dir?: string;
  readonly attributesOf?: ContextOptions['attributesOf'];
  readonly tree?: OpenStack;
  readonly dockerfile: DockerfileSource;
  readonly ignoresNothing: boolean;
  readonly dispose?: () => PromiseLike<void>;
}

/** What is no directory of this machine is taken as it is: its ignore file is one of its files. */
async function openMain(options: BuildOptions, place: Place): Promise<MainContext> {
  const stdin = await readStdin(options, place);
  const apart = stdin?.dockerfile ?? (await fetchDockerfile(options, place.remote));
  if (place.remote !== undefined && options.context !== '-') {
    const found = await openRemote(options, { ...place, remote: place.remote, apart });
    if (found !== undefined) return found;
  }
  if (stdin !== undefined) return ofFiles(stdin, options, apart);
  return ofFiles({ ignoresNothing: false, [Symbol.asyncDispose]: () => Promise.resolve() }, options, apart);
}

interface Place {
  readonly root: Root;
  readonly signal: AbortSignal;
  readonly remote: RemoteDeps | undefined;
}

/** undefined for a context of this machine. */
async function openRemote(
  options: BuildOptions,
  { apart, ...place }: Place & { readonly remote: RemoteDeps; readonly apart: DockerfileSource | undefined },
): Promise<MainContext | undefined> {
  const kind = mainKind(options);
  if (kind === undefined) return undefined;
  if (kind === 'http') {
    const fetched = await place.remote.fetchFile(options.context, place);
    const unpacked = await unpackStream(bytesOf(fetched, place), { options, ...place, fetched });
    return ofFiles(unpacked, options, apart);
  }
  const tree = await openGitContext(mainGitRequest(options, place.remote), place.remote);
  return { tree, dockerfile: apart ?? dockerfileOfRemote(tree, options), ignoresNothing: true };
}

function ofFiles(files: StdinSources, options: BuildOptions, apart: DockerfileSource | undefined): MainContext {
  const dir = files.dir ?? contextDirectory(options);
  const dockerfile = apart ?? files.dockerfile ?? findDockerfile(dir, options);
  const { ignoresNothing, attributesOf } = files;
  return { dir, attributesOf, dockerfile, ignoresNothing, dispose: () => files[Symbol.asyncDispose]() };
}

/** `-f URL` */
async function fetchDockerfile(
  { file }: BuildOptions,
  remote: RemoteDeps | undefined,
): Promise<DockerfileSource | undefined> {
  if (file === undefined || remote === undefined || !/^https?:\/\//.test(file)) return undefined;
  return {
    file: 'Dockerfile',
    text: await readDockerfile(fetchBytes(file, remote, { maxBytes: MAX_DOCKERFILE_BYTES })),
  };
}

/** Directories of this machine are looked for at once, also those that no step may need. @throws BuildError context-missing */
function assertNamedContexts({ contexts, cwd }: BuildOptions): void {
  for (const [name, value] of contexts)
    if (remoteKind(value) === undefined && !isImageContext(value))
      assertDirectory(resolve(cwd, value), {
        what: `the named context ${name}: ${value}`,
        hint: 'give a directory, a URL, docker-image://REF or oci-layout://DIR',
      });
}

/** What this very build writes and lies in the context, the root among it: an archive must not hold its predecessor. */
function ownBelow(dir: string, options: BuildOptions): ((path: RelPath) => boolean) | undefined {
  const { iidFile, metadataFile, reportFiles = [], rootDir, cwd } = options;
  const files = [
    ...outputsOf(options)
      .filter(isFileOutput)
      .map(({ dest }) => dest),
    iidFile,
    metadataFile,
    ...reportFiles,
    rootDir,
  ];
  const inside = files.flatMap((file) =>
    file === undefined || file === '-' ? [] : (pathBelow(dir, resolve(cwd, file)) ?? []),
  );
  if (inside.length === 0) return undefined;
  const skipped = new Set<string>(inside.map((path) => relPath(latin1Of(path))));
  return (path) => skipped.has(path);
}
