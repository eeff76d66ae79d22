const UNNAMED = '__unnamed__';

/** The name that ADD gives to a URL's content, as text: the last part of the decoded path. */
export function fileNameOf(url: string): string {
  const path = URL.canParse(url) ? decoded(new URL(url).pathname) : '';
  return plainName(path.split('/').findLast((part) => part !== '') ?? '') ?? UNNAMED;
}

/** undefined for what is no name of a file. */
export function plainName(name: string): string | undefined {
  const isName = name !== '' && name !== '.' && name !== '..' && !/[/\0]/.test(name) && Buffer.byteLength(name) <= 255;
  return isName ? name : undefined;
}

/** Without percent signs; what is not encoded stays as it is. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
