import { BuildError } from '../../errors.ts';
import type { GitOp } from '../../graph/index.ts';

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
  const asked = query === undefined ? {} : queryOptions(query, text);
  for (const name of ['ref', 'subdir'] as const) {
    if (own[name] !== undefined && asked[name] !== undefined && own[name] !== asked[name]) {
      throw invalid(text, `${name} is given twice: in the query and after #`);
    }
  }
  if (asked.fetchByCommit === true && asked.checksum === undefined) {
    throw invalid(text, 'fetch-by-commit without a commit', 'name it in the query: ?commit=ID&fetch-by-commit=true');
  }
  return definedFields({ url, ...own, ...definedFields(asked) });
}

type GitQuery = Partial<Omit<GitSource, 'url'>>;

function isGitRemote(url: string): boolean {
  if (/^(git|ssh):\/\//.test(url)) return true;
  if (/^https?:\/\//.test(url)) return /^https?:\/\/[^/]+\/.*\.git\/?$/.test(url);
  return /^[\w.-]+@[\w.-]+:[^\s]+$/.test(url);
}

const QUERY: { readonly [key: string]: (value: string) => GitQuery } = {
  ref: (ref) => ({ ref }),
  tag: (tag) => ({ ref: `refs/tags/${tag}` }),
  branch: (branch) => ({ ref: `refs/heads/${branch}` }),
  subdir: (subdir) => ({ subdir }),
  checksum: (checksum) => ({ checksum }),
  commit: (checksum) => ({ checksum }),
  submodules: (value) => ({ submodules: isTrue(value) }),
  'keep-git-dir': (value) => ({ keepGitDir: isTrue(value) }),
  mtime: (value) => ({ mtime: isMtime(value) ? value : undefined }),
  'fetch-by-commit': (value) => ({ fetchByCommit: isTrue(value) }),
};

function isMtime(value: string): value is 'checkout' | 'commit' {
  return value === 'checkout' || value === 'commit';
}

function isTrue(value: string): boolean {
  return value === '' || value === 'true' || value === '1';
}

function queryOptions(query: string, text: string): GitQuery {
  let options: GitQuery = {};
  for (const [key, value] of new URLSearchParams(query)) {
    const read = Object.hasOwn(QUERY, key) ? QUERY[key] : undefined;
    if (read === undefined) throw invalid(text, `unexpected query key "${key}"`);
    const more = read(value);
    if (key === 'mtime' && more.mtime === undefined) throw invalid(text, `mtime is ${JSON.stringify(value)}`, MTIMES);
    const twice = Object.keys(more).find((name) => Object.hasOwn(options, name));
    if (twice !== undefined) throw invalid(text, `${twice} is given twice`);
    options = { ...options, ...more };
  }
  return options;
}

function splitOnce(text: string, separator: string): readonly [first: string, rest?: string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}

function definedFields<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}

const KEYS = `known keys are ${Object.keys(QUERY).join(', ')}`;
const MTIMES = 'write mtime=checkout or mtime=commit';

/** A password in the URL is not told. */
function invalid(text: string, why: string, hint = KEYS): BuildError {
  const shown = text.replace(/^(\w+:\/\/)[^/@]*@/, '$1');
  return new BuildError('copy-invalid', `invalid git URL ${shown}: ${why}`, { hint });
}
