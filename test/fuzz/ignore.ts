import { BuildError } from '../../src/errors.ts';
import { parseIgnoreFile } from '../../src/sources/context/index.ts';
import { makeMatcher } from '../../src/util/match/index.ts';
import { relPath } from '../../src/util/rel-path.ts';

const PATHS = ['a', 'a/b', 'a/b/c.log', 'Dockerfile', '.git/x', `${'d/'.repeat(40)}e`, 'a'.repeat(255)].map(relPath);

/** What breaks when the text is read as a .dockerignore and asked about a few paths; undefined when nothing. */
export function ignoreProblem(text: string): string | undefined {
  try {
    const matcher = makeMatcher(parseIgnoreFile(text, '.dockerignore'));
    for (const path of PATHS) {
      if (matcher.excludes(path) !== (matcher.ruleFor(path)?.negated === false))
        return `ignore: excludes and ruleFor differ for ${path}`;
      matcher.couldReinclude(path);
    }
    return undefined;
  } catch (error) {
    if (error instanceof BuildError && error.code === 'ignore-invalid') return undefined;
    return `ignore threw: ${String(error)}`;
  }
}
