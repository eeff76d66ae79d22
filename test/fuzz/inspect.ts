import { BuildError, type SourceRange } from '../../src/errors.ts';
import {
  type Dockerfile,
  type LowerOptions,
  listTargets,
  lower,
  outlineDockerfile,
  parseDockerfile,
} from '../../src/frontend/index.ts';
import { ignoreProblem } from './ignore.ts';
import { resolveFake } from './images.ts';

const AMD64 = { os: 'linux', architecture: 'amd64' };

/** What a text breaks of what is promised for all texts; undefined when nothing. */
export async function inspect(text: string): Promise<string | undefined> {
  let dockerfile: Dockerfile;
  try {
    dockerfile = parseDockerfile(text, { file: 'Dockerfile' });
    const again = JSON.stringify(parseDockerfile(text, { file: 'Dockerfile' }));
    if (again !== JSON.stringify(dockerfile)) return 'parse: two results for one text';
  } catch (error) {
    return `parse threw: ${String(error)}`;
  }
  const found = brokenValue(dockerfile, linesOf(dockerfile.text));
  if (found !== undefined) return found;
  return (await lowerProblem(dockerfile)) ?? ignoreProblem(text);
}

/** Parse, lower and check as a build does. @throws whatever lowering throws */
export async function frontend(text: string): Promise<void> {
  const dockerfile = parseDockerfile(text, { file: 'Dockerfile' });
  if (dockerfile.errors.length === 0) await lowerAll(dockerfile);
}

async function lowerProblem(dockerfile: Dockerfile): Promise<string | undefined> {
  if (dockerfile.errors.length > 0) return undefined;
  const calls = {
    lower: () => lowerAll(dockerfile),
    outline: () => outlineDockerfile(dockerfile, OPTIONS, DEPS),
    targets: () => listTargets(dockerfile),
  };
  for (const [name, call] of Object.entries(calls)) {
    try {
      await call();
    } catch (error) {
      if (!(error instanceof BuildError)) return `${name} threw: ${String(error)}`;
      const { range } = error;
      if (range !== undefined && !isWithin(range, linesOf(dockerfile.text)))
        return `${name} error outside the text: ${JSON.stringify(range)}`;
    }
  }
  return undefined;
}

async function lowerAll(dockerfile: Dockerfile): Promise<void> {
  await lower(dockerfile, { ...OPTIONS, checkRules: new Set(['all', 'tsbuild']) }, DEPS);
}

const DEPS = { resolver: { resolve: resolveFake }, signal: new AbortController().signal };

const OPTIONS: LowerOptions = {
  buildArgs: new Map([['A', 'from outside']]),
  labels: new Map(),
  contexts: new Map(),
  allow: new Set(),
  buildPlatform: AMD64,
  noCache: false,
  noCacheFilter: [],
  network: 'default',
  extraHosts: [],
  ulimits: [],
  hostname: 'buildkitsandbox',
  ignorePatterns: [{ pattern: '*.log', line: 1, file: '.dockerignore' }],
  isCheck: true,
};

function linesOf(text: string): readonly number[] {
  return text.split('\n').map((line) => line.length);
}

/** The first value of the tree that is not frozen, or that is a range outside the text. */
function brokenValue(root: Dockerfile, lines: readonly number[]): string | undefined {
  const open: unknown[] = [root];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value !== 'object' || value === null) continue;
    if (!Object.isFrozen(value)) return `not frozen: ${JSON.stringify(value).slice(0, 100)}`;
    if ('startLine' in value && !isWithin(value as SourceRange, lines)) return `range: ${JSON.stringify(value)}`;
    for (const inner of Object.values(value)) open.push(inner);
  }
  return undefined;
}

function isWithin({ startLine, startColumn, endLine, endColumn }: SourceRange, lines: readonly number[]): boolean {
  const isPlace = (line: number, column: number): boolean =>
    line >= 1 && column >= 1 && line <= lines.length && column <= (lines[line - 1] ?? 0) + 2;
  const isOrdered = startLine < endLine || (startLine === endLine && startColumn <= endColumn);
  return isOrdered && isPlace(startLine, startColumn) && isPlace(endLine, endColumn);
}
