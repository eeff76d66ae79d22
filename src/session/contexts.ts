import { statSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import type { Root } from '../../cache/index.ts';
import type { BuildOptions } from '../build-options.ts';
import { BuildError } from '../errors.ts';
import { isFileOutput } from '../exporter/index.ts';
import type { LowerOptions } from '../frontend/index.ts';
import { lgetxattr } from '../host/sys/index.ts';
import { type ContextTree, findIgnoreFile, openContext, type StatIndex } from '../sources/context/index.ts';
import { type IgnoreRule, makeMatcher } from '../util/match/index.ts';
import { latin1Of, type RelPath, relPath } from '../util/rel-path.ts';
import { outputsOf } from './outputs.ts';
import { contextDirectory, type DockerfileSource, findDockerfile } from './source.ts';
import { readStdin } from './stdin.ts';

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
 */
export async function openContexts(
  options: BuildOptions,
  { root, signal }: { root: Root; signal: AbortSignal },
): Promise<Contexts> {
  const stdin = await readStdin(options, { root, signal });
  const dir = stdin?.dir ?? contextDirectory(options);
  const dockerfile = stdin?.dockerfile ?? findDockerfile(dir, options);
  const ignore = stdin?.ignoresNothing === true ? undefined : findIgnoreFile(dir, dockerfile.path);
  const opened = new Map<string, ContextTree>();
  const statIndex = root.stat('context');
  const open = (host: string, rules: readonly IgnoreRule[] | undefined): ContextTree =>
    openContext(host, {
      statIndex: options.isParanoid === true ? forgetful(statIndex) : statIndex,
      getXattr: lgetxattr,
      ...(rules === undefined ? {} : { ignore: makeMatcher(rules) }),
      skip: outputsBelow(host, options),
    });
  const directories = namedDirectories(options);
  return {
    dir: options.context === '-' ? '-' : dir,
    dockerfile,
    ignoreRules: (ignore?.rules ?? []).map(({ pattern, line, file, negated }) => ({
      pattern: negated ? `!${pattern}` : pattern,
      line,
      file: file ?? ignore?.name ?? '',
    })),
    open(name) {
      let tree = opened.get(name);
      if (tree === undefined) {
        tree = name === '' ? open(dir, ignore?.rules) : openNamed(name, directories, open);
        opened.set(name, tree);
      }
      return Promise.resolve(tree);
    },
    async [Symbol.asyncDispose]() {
      statIndex.save();
      await stdin?.[Symbol.asyncDispose]();
    },
  };
}

/** Keeps what is read now, and knows nothing of before. */
function forgetful(index: StatIndex): StatIndex {
  return { get: () => undefined, put: (stat, digest, readBeganNs) => index.put(stat, digest, readBeganNs) };
}

function namedDirectories({ contexts, cwd }: BuildOptions): Map<string, string> {
  return new Map([...contexts].map(([name, value]) => [name, resolve(cwd, value)]));
}

function openNamed(
  name: string,
  directories: ReadonlyMap<string, string>,
  open: (host: string, rules: readonly IgnoreRule[] | undefined) => ContextTree,
): ContextTree {
  const dir = directories.get(name);
  if (dir === undefined) throw new Error(`no context is named ${name}`);
  if (statSync(dir, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new BuildError('context-missing', `the named context ${name}: ${dir} is not a directory`, {
      hint: `check --build-context ${name}=…`,
    });
  }
  return open(dir, findIgnoreFile(dir)?.rules);
}

/** Files that this very build writes and that lie in the context: an archive must not hold its predecessor. */
function outputsBelow(dir: string, options: BuildOptions): ((path: RelPath) => boolean) | undefined {
  const { iidFile, metadataFile, cwd } = options;
  const files = [
    ...outputsOf(options)
      .filter(isFileOutput)
      .map(({ dest }) => dest),
    iidFile,
    metadataFile,
  ].flatMap((file) => (file === undefined || file === '-' ? [] : [relative(dir, resolve(cwd, file))]));
  const inside = files.filter((path) => path !== '' && !path.startsWith('..'));
  if (inside.length === 0) return undefined;
  const skipped = new Set<string>(inside.map((path) => relPath(latin1Of(path))));
  return (path) => skipped.has(path);
}
