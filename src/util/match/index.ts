export { type Matcher, makeMatcher } from './matcher.ts';
export { hasWildcard, makePathMatch } from './path-match.ts';
export { type IgnoreRule, InvalidRule, PATTERN_HINT, parseIgnoreLines, rulesOf } from './rules.ts';
export { BadPattern } from './tokens.ts';
