/** A URL without user and password, which may be secret. The last `@` before its path ends them, as for whoever connects to it. */
export function withoutUser(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[/\\]*[^/?#\\]*@/i, '$1');
}
