import { isDigest } from '../../../cache/index.ts';
import { BuildError, type SourceRange } from '../../errors.ts';
import { makeVertex, type Vertex } from '../../graph/index.ts';
import { fileNameOf } from '../../util/url-name.ts';
import { withoutUser } from '../../util/without-user.ts';
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
  /** SOURCE_DATE_EPOCH is given: files of a repository are dated by their commit. */
  readonly isDated: boolean;
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

function gitSource(git: GitSource, { instruction, range, checksum, isDated }: RemoteContext): RemoteSource {
  const flag = findFlag(instruction, 'keep-git-dir');
  const wanted = flag === undefined ? undefined : isOn(flag);
  assertAgreed(git, { range, checksum, keepGitDir: wanted });
  const op = {
    ...git,
    kind: 'git',
    checksum: git.checksum ?? checksum,
    keepGitDir: git.keepGitDir ?? wanted ?? false,
    mtime: git.mtime ?? (isDated ? 'commit' : undefined),
  } as const;
  return { vertex: makeVertex(op, [], internalOrigin(`[internal] fetch ${withoutUser(git.url)}`, range)), path: '/' };
}

/** What flags and query say both, they must say alike. */
function assertAgreed(
  git: GitSource,
  { range, ...flags }: Pick<RemoteContext, 'range' | 'checksum'> & { readonly keepGitDir: boolean | undefined },
): void {
  const differ = (name: 'checksum' | 'keepGitDir') =>
    flags[name] !== undefined && git[name] !== undefined && flags[name] !== git[name];
  if (differ('keepGitDir')) {
    throw new BuildError('copy-invalid', 'inconsistent keep-git-dir configuration', { range });
  }
  if (differ('checksum')) {
    throw new BuildError('copy-invalid', `checksum mismatch "${flags.checksum}" != "${git.checksum}"`, { range });
  }
}
