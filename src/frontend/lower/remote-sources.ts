import { isDigest } from '../../../cache/index.ts';
import { BuildError, type SourceRange } from '../../errors.ts';
import { makeVertex, type Vertex } from '../../graph/index.ts';
import type { CopyInstruction } from '../ast.ts';
import { located } from './expander.ts';
import { findFlag, isOn } from './flags.ts';
import { type GitSource, parseGitUrl } from './git-url.ts';
import { internalOrigin } from './stage-draft.ts';

/** A source of ADD that is fetched: the vertex that gives it, and the path to take from there. */
export interface RemoteSource {
  readonly vertex: Vertex;
  readonly path: string;
}

export interface RemoteContext {
  readonly instruction: CopyInstruction;
  readonly range: SourceRange;
  /** --checksum, expanded. */
  readonly checksum: string | undefined;
}

/**
 * @returns undefined for a path.
 * @throws BuildError copy-invalid: COPY takes paths only; a checksum that cannot be one.
 */
export function remoteSource(text: string, context: RemoteContext): RemoteSource | undefined {
  const { instruction, range } = context;
  const git = located(range, () => parseGitUrl(text));
  const isUrl = /^https?:\/\//.test(text);
  if (git === undefined && !isUrl) return undefined;
  if (instruction.kind === 'copy') {
    const what = git === undefined ? 'a URL' : 'a git ref';
    throw new BuildError('copy-invalid', `source can't be ${what} for COPY`, { range, hint: 'use ADD' });
  }
  return git === undefined ? httpSource(text, context) : gitSource(git, context);
}

function httpSource(url: string, { range, checksum }: RemoteContext): RemoteSource {
  if (checksum !== undefined && !isDigest(checksum)) {
    throw new BuildError('copy-invalid', `invalid checksum digest format: ${checksum}`, {
      range,
      hint: 'write --checksum=sha256: and 64 hex digits',
    });
  }
  const vertex = makeVertex(
    { kind: 'http', url, checksum },
    [],
    internalOrigin(`[internal] fetch ${withoutUser(url)}`, range),
  );
  return { vertex, path: fileNameOf(url) };
}

function gitSource(git: GitSource, { instruction, range, checksum }: RemoteContext): RemoteSource {
  const flag = findFlag(instruction, 'keep-git-dir');
  const wanted = flag === undefined ? undefined : isOn(flag);
  if (wanted !== undefined && git.keepGitDir !== undefined && wanted !== git.keepGitDir) {
    throw new BuildError('copy-invalid', 'inconsistent keep-git-dir configuration', { range });
  }
  if (checksum !== undefined && git.checksum !== undefined && checksum !== git.checksum) {
    throw new BuildError('copy-invalid', `checksum mismatch "${checksum}" != "${git.checksum}"`, { range });
  }
  const keepGitDir = git.keepGitDir ?? wanted ?? false;
  const op = { ...git, kind: 'git', checksum: git.checksum ?? checksum, keepGitDir } as const;
  return { vertex: makeVertex(op, [], internalOrigin(`[internal] fetch ${withoutUser(git.url)}`, range)), path: '/' };
}

/** The last part of the URL's path, or `__unnamed__`: the name that the fetched file has. */
function fileNameOf(url: string): string {
  const path = URL.canParse(url) ? new URL(url).pathname : '';
  const name = decoded(path.split('/').findLast((part) => part !== '') ?? '');
  return name === '' || name === '.' || name === '..' || /[/\0]/.test(name) ? '__unnamed__' : name;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function withoutUser(url: string): string {
  return url.replace(/^(\w+:\/\/)[^/@]*@/, '$1');
}
