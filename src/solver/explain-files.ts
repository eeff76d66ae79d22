import type { Explanation } from '../../cache/index.ts';
import type { Change } from '../progress/index.ts';

type Files = NonNullable<Explanation['files']>;

/** Values are `digest:mode[:type:uid:gid]`; a path that went and one that came with an equal value are a rename. */
export function fileChanges(now: Files | undefined, then: Files | undefined): Change[] {
  if (now === undefined || then === undefined) return [];
  const [before, after] = [new Map(Object.entries(then)), new Map(Object.entries(now))];
  const gone = new Set([...before.keys()].filter((path) => !after.has(path)));
  const goneOf = pathsByValue(gone, before);
  const changes: Change[] = [];
  for (const [path, value] of after) {
    const old = before.get(path);
    if (old === value) continue;
    if (old !== undefined) {
      changes.push({ path, what: difference(old, value) });
      continue;
    }
    const from = goneOf.get(value)?.pop();
    if (from !== undefined) gone.delete(from);
    changes.push({ path, what: from === undefined ? 'added' : `renamed from ${from}` });
  }
  for (const path of gone) changes.push({ path, what: 'removed' });
  return changes;
}

/** Of each value, the last first. */
function pathsByValue(paths: ReadonlySet<string>, values: ReadonlyMap<string, string>): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const path of [...paths].reverse()) {
    const value = values.get(path) ?? '';
    const known = found.get(value);
    if (known === undefined) found.set(value, [path]);
    else known.push(path);
  }
  return found;
}

function difference(old: string, value: string): string {
  const then = factsOf(old);
  const now = factsOf(value);
  if (then.type !== now.type) return `${then.type} → ${now.type}`;
  const parts: string[] = [];
  if (then.digest !== now.digest) parts.push('content');
  if (then.mode !== now.mode) parts.push(`mode ${then.mode}→${now.mode}`);
  if (then.owner !== now.owner) parts.push(`owner ${then.owner}→${now.owner}`);
  return parts.join(', ');
}

function factsOf(value: string): { digest: string; mode: string; type: string; owner: string } {
  const [digest = '', mode = '', type = 'file', uid = '0', gid = '0'] = value.split(':');
  return { digest, mode, type, owner: `${uid}:${gid}` };
}

const MAX_NAMED = 3;

/** `files: 2 changed in src/ (src/a.ts content, src/run.sh mode 0644→0664)`; one file alone: `src/a.ts changed (content)`. */
export function filesText(changes: readonly Change[]): string {
  const [first, ...more] = changes;
  if (first === undefined) return 'the files it reads changed';
  if (more.length === 0) return `${first.path ?? ''} ${first.what === 'content' ? 'changed (content)' : first.what}`;
  const shown = changes.slice(0, MAX_NAMED).map((change) => `${change.path ?? ''} ${change.what}`);
  const rest = changes.length > MAX_NAMED ? ', …' : '';
  return `files: ${changes.length} changed${commonDirectory(changes)} (${shown.join(', ')}${rest})`;
}

function commonDirectory(changes: readonly Change[]): string {
  const parents = changes.map(({ path = '' }) => path.split('/').slice(0, -1));
  const [first = [], ...others] = parents;
  let length = first.length;
  for (const parent of others) {
    const differs = parent.findIndex((part, index) => part !== first[index]);
    length = Math.min(length, differs < 0 ? parent.length : differs);
  }
  return length === 0 ? '' : ` in ${first.slice(0, length).join('/')}/`;
}
