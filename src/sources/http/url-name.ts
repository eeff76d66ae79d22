const UNNAMED = '__unnamed__';

/** The name that ADD gives to a URL's content, as text: the last part of the path. */
export function fileNameOf(url: string): string {
  const path = URL.canParse(url) ? new URL(url).pathname : '';
  return plainName(decoded(path.split('/').findLast((part) => part !== '') ?? '')) ?? UNNAMED;
}

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
  if (!URL.canParse(url)) return 'the URL';
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}

/** undefined for what is no name of a file. */
function plainName(name: string): string | undefined {
  const isName = name !== '' && name !== '.' && name !== '..' && !/[/\0]/.test(name) && Buffer.byteLength(name) <= 255;
  return isName ? name : undefined;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
