import { BuildError } from '../../errors.ts';
import type { GitOp } from '../../graph/index.ts';
import { parseGoBool } from '../../util/go-bool.ts';
import { withoutUser } from '../../util/without-user.ts';

export type GitSource = Omit<GitOp, 'kind' | 'keepGitDir'> & { readonly keepGitDir?: boolean | undefined };

/**
 * What ADD takes for a git repository: `git://`, `ssh://`, `user@host:path` and http(s) URLs whose path ends in `.git`, with
 * `#ref:subdir` or `?ref=…`. Anything else is undefined.
 * @throws BuildError copy-invalid for a query that nobody knows.
 */
export function parseGitUrl(text: string): GitSource | undefined {
  const [beforeFragment, fragment] = splitOnce(text, '#');
  const [url, query] = splitOnce(beforeFragment, '?');
  if (!isGitRemote(url)) return undefined;
  const [ref, subdir] = splitOnce(fragment ?? '', ':');
  const own = { ref: ref || undefined, subdir: subdir || undefined };
  return definedFields({
    url,
    ...own,
    ...definedFields(query === undefined ? {} : queryOptions(query, { own, text })),
  });
}

type GitQuery = Partial<Omit<GitSource, 'url'>>;

function isGitRemote(url: string): boolean {
  if (/^(git|ssh):\/\//.test(url)) return true;
  if (/^https?:\/\//.test(url)) return /^https?:\/\/[^/]+\/.*\.git$/.test(url);
  return /^[\w.-]+@[\w.-]+:[^\s]+$/.test(url);
}

type Read = (value: string) => GitQuery | undefined;

/** Each gives undefined for a value that cannot be one. */
const QUERY: { readonly [key: string]: Read } = {
  ref: (ref) => ({ ref }),
  tag: (tag) => ({ ref: withPrefix('refs/tags/', tag) }),
  branch: (branch) => ({ ref: withPrefix('refs/heads/', branch) }),
  subdir: (subdir) => ({ subdir }),
  checksum: (checksum) => ({ checksum }),
  commit: (checksum) => ({ checksum }),
  submodules: flag('submodules'),
  'keep-git-dir': flag('keepGitDir'),
  mtime: (mtime) => (mtime === 'checkout' || mtime === 'commit' ? { mtime } : undefined),
  'fetch-by-commit': flag('fetchByCommit'),
};
/** A bare key is true. */
const FLAGS = new Set(['submodules', 'keep-git-dir', 'fetch-by-commit']);

function flag(name: 'submodules' | 'keepGitDir' | 'fetchByCommit'): Read {
  return (value) => {
    const isOn = value === '' ? true : parseGoBool(value);
    return isOn === undefined ? undefined : { [name]: isOn };
  };
}

function withPrefix(prefix: string, name: string): string {
  return name.startsWith(prefix) ? name : prefix + name;
}

/** @param own what the part after # says, which the query may say once more, but not otherwise */
function queryOptions(query: string, { own, text }: { readonly own: GitQuery; readonly text: string }): GitQuery {
  const given = new Map<string, string>();
  for (const [key, value] of new URLSearchParams(query)) {
    if (given.has(key)) throw invalid(text, `query "${key}" has multiple values`);
    given.set(key, value);
  }
  if (given.has('tag') && given.has('branch')) throw invalid(text, 'branch conflicts with tag');
  let options: GitQuery = own;
  for (const [key, value] of given) {
    const more = readOption(key, value, text);
    for (const name of ['ref', 'subdir', 'checksum'] as const) {
      const [before, now] = [options[name], more[name]];
      if (before !== undefined && now !== undefined && before !== now)
        throw invalid(text, `${name} conflicts: ${JSON.stringify(before)} vs ${JSON.stringify(now)}`);
    }
    options = { ...options, ...more };
  }
  if (options.fetchByCommit === true && options.checksum === undefined)
    throw invalid(text, 'fetch-by-commit without a commit', 'name it in the query: ?commit=ID&fetch-by-commit=true');
  return options;
}

function readOption(key: string, value: string, text: string): GitQuery {
  const read = Object.hasOwn(QUERY, key) ? QUERY[key] : undefined;
  if (value === '' && !FLAGS.has(key)) throw invalid(text, `query "${key}" has no value`);
  if (read === undefined) throw invalid(text, `unexpected query key "${key}"`);
  const options = read(value);
  if (options !== undefined) return options;
  const hint = key === 'mtime' ? 'write mtime=checkout or mtime=commit' : `write ${key}=true or ${key}=false`;
  throw invalid(text, `invalid ${key} value: ${JSON.stringify(value)}`, hint);
}

function splitOnce(text: string, separator: string): readonly [first: string, rest?: string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}

function definedFields<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}

const KEYS = `known keys are ${Object.keys(QUERY).join(', ')}`;

/** A password in the URL is not told. */
function invalid(text: string, why: string, hint = KEYS): BuildError {
  return new BuildError('copy-invalid', `invalid git URL ${withoutUser(text)}: ${why}`, { hint });
}
