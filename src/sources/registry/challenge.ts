/** One of the ways to prove who asks that a 401's WWW-Authenticate offers. */
export interface Challenge {
  /** In lower case. */
  readonly scheme: string;
  /** By name in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** All challenges of a header, or of several that were joined by commas (RFC 9110, 11.6.1), in their order. */
export function parseChallenges(header: string): readonly Challenge[] {
  const found: { scheme: string; parameters: Map<string, string> }[] = [];
  for (const [, name = '', value, quoted] of header.slice(0, MAX_LENGTH).matchAll(WORDS)) {
    if (value === undefined) found.push({ scheme: name.toLowerCase(), parameters: new Map() });
    else found.at(-1)?.parameters.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? value);
  }
  return found;
}

const MAX_LENGTH = 16 * 1024;
/** A scheme's name, or a parameter with its value, quoted or not. */
const WORDS = /([\w!#$%&'*+.^`|~-]+)(?:\s*=\s*("((?:[^"\\]|\\.)*)"|[^\s,"]*))?/g;
