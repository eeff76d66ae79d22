export { type Matcher, makeMatcher } from './matcher.ts';
export { hasWildcard, makePathMatch } from './path-match.ts';
export { type IgnoreRule, InvalidRule, parseIgnoreLines, rulesOf } from './rules.ts';
export { BadPattern } from './tokens.ts';
