import { digestOf } from '../../cache/index.ts';
import { BuildError, type SourceRange } from '../../src/errors.ts';
import { type Dockerfile, type LowerOptions, lower, parseDockerfile } from '../../src/frontend/index.ts';

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
  return lowerProblem(dockerfile);
}

/** Parse, lower and check as a build does. @throws whatever lowering throws */
export async function frontend(text: string): Promise<void> {
  const dockerfile = parseDockerfile(text, { file: 'Dockerfile' });
  if (dockerfile.errors.length === 0) await lowerAll(dockerfile);
}

async function lowerProblem(dockerfile: Dockerfile): Promise<string | undefined> {
  if (dockerfile.errors.length > 0) return undefined;
  try {
    await lowerAll(dockerfile);
    return undefined;
  } catch (error) {
    return error instanceof BuildError ? undefined : `lower threw: ${String(error)}`;
  }
}

function lowerAll(dockerfile: Dockerfile): ReturnType<typeof lower> {
  const checkRules = new Set(['all']);
  return lower(dockerfile, { ...OPTIONS, checkRules }, { resolver: { resolve }, signal: new AbortController().signal });
}

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

/** Every image exists and has a trigger, so that triggers are read, too. */
function resolve(name: string): ReturnType<Parameters<typeof lower>[2]['resolver']['resolve']> {
  return Promise.resolve({
    name,
    manifest: digestOf(name),
    layers: [],
    config: {
      ...AMD64,
      config: { Env: ['PATH=/bin'], WorkingDir: '/' },
      history: [],
      rootfs: { type: 'layers', diff_ids: [] },
    },
  });
}

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
