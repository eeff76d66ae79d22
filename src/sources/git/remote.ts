import { BuildError } from '../../errors.ts';
import { decoded } from '../../util/url-name.ts';
import { withoutUser } from '../../util/without-user.ts';

/** What is wanted of a repository. */
export interface GitRequest {
  readonly url: string;
  readonly ref?: string | undefined;
  readonly subdir?: string | undefined;
  /** What the commit's id must be, or begin with. */
  readonly checksum?: string | undefined;
  readonly keepGitDir?: boolean | undefined;
  /** True unless said otherwise. */
  readonly submodules?: boolean | undefined;
  /** Fetch the commit of `checksum`, which is then its full id, wherever the ref stands. */
  readonly fetchByCommit?: boolean | undefined;
}

/** A repository's URL as git may see it, and who asks. */
export interface Remote {
  readonly url: string;
  readonly auth: { readonly url: string; readonly header: string } | undefined;
}

export type AuthHeader = (host: string) => Promise<string | undefined>;

/**
 * Takes user and password out of an http(s) URL: they go into a header and nowhere else.
 * @throws BuildError git-failed for a URL or ref that git could take for an option or a program to run
 */
export async function remoteOf({ url, ref }: GitRequest, authHeader: AuthHeader): Promise<Remote> {
  if (url.startsWith('-') || hasControl(url)) throw refused('its URL cannot be one');
  if (ref !== undefined) assertRef(ref);
  return /^https?:\/\//.test(url) ? httpRemote(url, authHeader) : otherRemote(url);
}

function otherRemote(url: string): Remote {
  const host = (/^\w+:\/\/(?:[^@/]*@)?([^/]*)/.exec(url) ?? /^(?:[^@/]*@)?([^:/]*):/.exec(url))?.[1] ?? '';
  if (host.startsWith('-')) throw refused('its host cannot be one');
  return { url, auth: undefined };
}

async function httpRemote(url: string, authHeader: AuthHeader): Promise<Remote> {
  if (!URL.canParse(url)) throw refused('its URL cannot be one');
  const parsed = new URL(url);
  const basic = `${decoded(parsed.username)}:${decoded(parsed.password)}`;
  const header = basic === ':' ? await authHeader(parsed.host) : `Basic ${Buffer.from(basic).toString('base64')}`;
  parsed.username = '';
  parsed.password = '';
  if (header !== undefined && hasControl(header)) throw refused('the secret for it has line breaks');
  return { url: parsed.href, auth: header === undefined ? undefined : { url: parsed.href, header } };
}

/** As git check-ref-format has it; a ref must not be an option, a pattern or a refspec. @throws BuildError git-failed */
export function assertRef(ref: string): void {
  const isBad =
    ref.startsWith('-') ||
    hasControl(ref) ||
    /[ ~^:?*[\\]|\.\.|@\{|\/\/|^\/|\/$|\.lock$|\.$/.test(ref) ||
    ref.length > 1024;
  if (isBad)
    throw new BuildError('git-failed', `${JSON.stringify(ref.slice(0, 80))} cannot be the name of a git ref`, {
      hint: 'name a branch, a tag or a commit',
    });
}

function hasControl(text: string): boolean {
  return Buffer.from(text).some((byte) => byte < 0x20 || byte === 0x7f);
}

function refused(why: string): BuildError {
  return new BuildError('git-failed', `a git repository is refused: ${why}`, {
    hint: 'write https://HOST/PATH.git, ssh://USER@HOST/PATH or USER@HOST:PATH',
  });
}

/** Without user, password and query. */
export function shownRemote(url: string): string {
  return withoutUser(url).replace(/[?#].*$/, '');
}
