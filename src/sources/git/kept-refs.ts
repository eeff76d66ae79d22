import { assertRef, type GitRequest } from './remote.ts';

export interface KeptRefs {
  /** Full names, of the tag where there is one, else of the commit. */
  readonly refs: readonly string[];
  /** Id of the annotated tag that was asked for. */
  readonly tag?: string | undefined;
}

/**
 * What a kept .git has beside its detached HEAD; nothing when none is kept. As BuildKit leaves them: its store has whatever was asked
 * for as a tag of that name, and the fetch from there to the name itself takes that tag along. Of an annotated tag there is the
 * tag alone.
 * @param tag id of the annotated tag that the ref is
 * @param listed what `ls-remote --symref` told of HEAD: the default branch is asked for when no ref is
 * @throws BuildError git-failed for a default branch whose name cannot be one
 */
export function keptRefs(
  { ref = 'HEAD', keepGitDir }: GitRequest,
  { tag, listed }: { readonly tag?: string | undefined; readonly listed: string },
): KeptRefs {
  const name = ref === 'HEAD' ? defaultBranch(listed) : ref;
  if (keepGitDir !== true || name === undefined) return { refs: [] };
  assertRef(name);
  const asTag = name.startsWith('refs/tags/') ? name : `refs/tags/${name}`;
  return tag === undefined ? { refs: [...new Set([fullName(name), asTag])] } : { refs: [asTag], tag };
}

/** undefined where HEAD is detached. */
function defaultBranch(listed: string): string | undefined {
  return /^ref: refs\/heads\/(\S+)\tHEAD$/m.exec(listed)?.[1];
}

/** What a fetch makes of the name of its destination. */
function fullName(name: string): string {
  if (name.startsWith('refs/')) return name;
  return /^(?:heads|tags|remotes)\//.test(name) ? `refs/${name}` : `refs/heads/${name}`;
}
