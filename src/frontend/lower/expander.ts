import { BuildError, type SourceRange } from '../../errors.ts';
import type { BuildEnv, Expander } from '../config/index.ts';
import { expandRaw, expandWord, expandWords } from '../expand/index.ts';

export type Escape = '\\' | '`';

export interface RecordingExpander extends Expander {
  /** A heredoc body: quotes stay, the escape character is always the backslash. */
  raw(text: string, range: SourceRange): string;
  /** The variables that were looked up so far. */
  readonly used: ReadonlySet<string>;
  /** Those of them that are not set. */
  readonly unset: ReadonlySet<string>;
}

/**
 * Expansion in one environment. Errors are located; what was looked up is remembered, to explain a miss.
 * @param tellUnset gets the names of a word, or of a heredoc body, that are not set, also when its expansion fails
 */
export function makeExpander(
  env: BuildEnv,
  escapeToken: Escape,
  tellUnset: (names: ReadonlySet<string>) => void = ignore,
): RecordingExpander {
  const used = new Set<string>();
  const unset = new Set<string>();
  const lookUp = (name: string, missing: Set<string>): string | undefined => {
    used.add(name);
    const value = env.get(name);
    if (value === undefined) missing.add(name);
    return value;
  };
  const expanded = <T>(range: SourceRange, work: (look: (name: string) => string | undefined) => T): T => {
    const missing = new Set<string>();
    try {
      return located(range, () => work((name) => lookUp(name, missing)));
    } finally {
      for (const name of missing) unset.add(name);
      if (missing.size > 0) tellUnset(missing);
    }
  };
  return {
    used,
    unset,
    word: (text, range) => expanded(range, (look) => expandWord(text, { env: look, escape: escapeToken })),
    words: (text, range) =>
      located(range, () => expandWords(text, { env: (name) => lookUp(name, unset), escape: escapeToken })),
    raw: (text, range) => expanded(range, (look) => expandRaw(text, { env: look, escape: '\\' })),
  };
}

export function located<T>(range: SourceRange | undefined, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof BuildError ? error.at(range) : error;
  }
}

/** What goes wrong is said to lie in the instruction. */
export function within<T>(instruction: SourceRange, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof BuildError ? error.within(instruction) : error;
  }
}

function ignore(): void {}
