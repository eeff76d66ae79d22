import { decoded, plainName } from '../../util/url-name.ts';

/** The file name of a Content-Disposition (RFC 6266), without directories; undefined when there is none that could be one. */
export function dispositionName(header: string | undefined): string | undefined {
  if (header === undefined || header.length > 4096) return undefined;
  const extended = /;\s*filename\*\s*=\s*utf-8'[^';]*'([^\s;"]+)/i.exec(header)?.[1];
  const quoted = /;\s*filename\s*=\s*"((?:[^"\\]|\\.)*)"/i.exec(header)?.[1]?.replace(/\\(.)/g, '$1');
  const token = /;\s*filename\s*=\s*([^\s;"]+)/i.exec(header)?.[1];
  const name = extended === undefined ? (quoted ?? token) : decoded(extended);
  return name === undefined ? undefined : plainName(name.slice(name.lastIndexOf('/') + 1));
}

/** Without user, password and query, which may be secret. */
export function shownUrl(url: string): string {
  if (!URL.canParse(url)) return url.replace(/^([^/]*\/\/).*@/s, '$1').replace(/[?#].*$/s, '');
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}
