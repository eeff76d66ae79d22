import { BuildError, type ErrorCode } from '../../errors.ts';
import type { Tree } from '../../image/toc/index.ts';
import type { ContextTree } from '../../sources/context/index.ts';
import { baseName, displayPath, joinRel, latin1Of, type RelPath, relPath, TOP } from '../../util/rel-path.ts';
import { resolveIn } from './resolve.ts';

/** The error for a source that is not there, with the rule that hides it or the nearest name that is. */
export function sourceMissing(
  tree: Tree,
  source: string,
  what: { readonly code: ErrorCode; readonly name: string },
): BuildError {
  const isContext = 'excludedBy' in tree;
  const where = isContext ? ' in the build context' : '';
  return new BuildError(what.code, `${what.name} ${JSON.stringify(source)} not found${where}`, {
    hint: hintFor(tree, source),
  });
}

function hintFor(tree: Tree, source: string): string {
  const path = relPath(latin1Of(source));
  const rule = exclusionOf(tree, path);
  if (rule !== undefined) return `${rule.place} excludes it (${rule.pattern})`;
  if (source.split('/').includes('..'))
    return 'paths cannot lead out of the place that files are copied from; ".." stops at its top';
  const target = resolveIn(tree, path);
  if (target !== path) return linkHint(tree, target);
  const near = nearestPath(tree, path) ?? elsewhere(tree, path);
  const top = source.startsWith('/') ? '/' : '';
  if (near !== undefined) return `did you mean ${JSON.stringify(`${top}${displayPath(near)}`)}?`;
  return 'check the spelling; paths are relative to the top of the place that files are copied from';
}

/** The rule of an ignore file that leaves a path out, for messages. */
function exclusionOf(tree: Tree, path: RelPath): { readonly place: string; readonly pattern: string } | undefined {
  const rule = 'excludedBy' in tree ? (tree as ContextTree).excludedBy(path) : undefined;
  return rule && { place: `${rule.file ?? '.dockerignore'}:${rule.line}`, pattern: JSON.stringify(rule.pattern) };
}

/** @param target where the links of the path lead, and nothing is */
function linkHint(tree: Tree, target: RelPath): string {
  const led = `a link leads to ${JSON.stringify(displayPath(target))}`;
  const rule = exclusionOf(tree, target);
  if (rule !== undefined) return `${led}, which ${rule.place} excludes (${rule.pattern})`;
  return `${led}, which is not there; links cannot lead out of the place that files are copied from`;
}

/** Another spelling of the first part of a path that does not exist, with the rest as it was if that exists. */
function nearestPath(tree: Tree, path: RelPath): RelPath | undefined {
  const parts = path.split('/');
  let dir = '' as RelPath;
  for (const [index, part] of parts.entries()) {
    const next = relPath(`${dir}/${part}`);
    if (tree.lookup(next) !== undefined) {
      dir = next;
      continue;
    }
    const name = nearestName(tree.list(dir), part);
    if (name === undefined) return undefined;
    const whole = relPath([dir, name, ...parts.slice(index + 1)].join('/'));
    return tree.lookup(whole) === undefined ? relPath(`${dir}/${name}`) : whole;
  }
  return undefined;
}

const MOST_NAMES = 10_000;

/** The same file name in another directory, of those nearest to the top: people leave directories out, or write one too many. */
function elsewhere(tree: Tree, path: RelPath): RelPath | undefined {
  const dirs = [TOP];
  let looks = 0;
  for (const dir of dirs) {
    for (const name of tree.list(dir)) {
      if (++looks > MOST_NAMES) return undefined;
      const at = joinRel(dir, name);
      if (name === baseName(path)) return at;
      if (tree.lookup(at)?.type === 'directory') dirs.push(at);
    }
  }
  return undefined;
}

function nearestName(names: readonly string[], wanted: string): string | undefined {
  const limit = wanted.length < 4 ? 1 : 2;
  let best: { name: string; distance: number } | undefined;
  for (const name of names.slice(0, MOST_NAMES)) {
    if (Math.abs(name.length - wanted.length) > limit) continue;
    const distance = name.toLowerCase() === wanted.toLowerCase() ? 0 : editDistance(name, wanted);
    if (distance <= limit && distance < wanted.length && (best === undefined || distance < best.distance))
      best = { name, distance };
  }
  return best?.name;
}

/** Insertions, deletions, replacements and swaps of neighbours; by rows. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = at(row, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = isSwap ? at(before, j - 2) + 1 : replaced;
      next.push(Math.min(replaced, swapped, at(row, j) + 1, at(next, j - 1) + 1));
    }
    before = row;
    row = next;
  }
  return at(row, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? 0;
}
