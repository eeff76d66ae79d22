import type { CacheRecord, Explanation, Json, KeyMaterial } from '../../cache/index.ts';
import type { Change, MissCode, Reason } from '../progress/index.ts';

export interface MissFacts {
  readonly material: KeyMaterial;
  readonly explanation: Explanation;
  /** The nearest earlier record for the same place in the Dockerfile. */
  readonly earlier: CacheRecord | undefined;
  /** Name of the step directly below that ran in this build, `[build 5/6]`. */
  readonly changedBelow: string | undefined;
}

const MAX_NAMED = 3;

/**
 * Why a step missed, by comparing its key material with an earlier one's. Causes of its own are told before those it
 * inherits: an edited instruction is the edit, whatever happened below it.
 */
export function explainMiss(facts: MissFacts): Reason<MissCode> {
  const { material, earlier } = facts;
  if (earlier === undefined) return reason('no-record', 'never built');
  const before = earlier.material;
  if (material.op === 'image') return explainBase(material, before);
  const own = fieldChanges(material, before);
  const buildArgs = valueChanges(facts.explanation.buildArgs, earlier.explanation.buildArgs);
  const env = own.filter((change) => change.name === 'env');
  const instruction = own.filter((change) => change.name !== 'env' && change.name !== 'platform');
  if (instruction.length > 0)
    return reason('instruction-changed', `instruction edited: ${names(instruction)}`, instruction);
  if (own.some((change) => change.name === 'platform')) return reason('platform-changed', 'another platform', own);
  const envChanges = env.length > 0 ? environmentChanges(material, before, buildArgs) : [];
  if (envChanges.length > 0) return reason('env-changed', `ENV ${list(envChanges)}`, envChanges);
  if (buildArgs.length > 0 && env.length > 0)
    return reason('build-arg-changed', `build-arg ${list(buildArgs)}`, buildArgs);
  if (material.content !== before.content) return explainFiles(facts.explanation, earlier.explanation);
  if (!equal(material.inputs, before.inputs)) {
    return reason('parent-changed', `${facts.changedBelow ?? 'a step'} changed before it`);
  }
  return reason('pruned', 'its record is gone');
}

/** The reason of a step that was told to ignore the cache. */
export const NO_CACHE: Reason<MissCode> = reason('no-cache', '--no-cache');

export function reason<Code extends string>(
  code: Code,
  message: string,
  changes: readonly Change[] = [],
): Reason<Code> {
  return { code, message, changes };
}

function explainBase(material: KeyMaterial, before: KeyMaterial): Reason<MissCode> {
  const now = short(material.fields['manifest']);
  const then = short(before.fields['manifest']);
  const name = text(material.fields['name']);
  if (!equal(material.fields['platform'], before.fields['platform']))
    return reason('platform-changed', 'another platform');
  return reason('base-changed', `base ${name} moved ${then} → ${now}`, [{ name, what: `${then} → ${now}` }]);
}

function explainFiles(now: Explanation, then: Explanation): Reason<MissCode> {
  const changes = fileChanges(now.files, then.files);
  if (changes.length === 0) return reason('files-changed', 'the files it reads changed');
  const first = changes[0];
  if (changes.length === 1 && first !== undefined) {
    return reason(
      'files-changed',
      `${first.path ?? ''} ${first.what === 'content' ? 'changed (content)' : first.what}`,
      changes,
    );
  }
  const shown = changes.slice(0, MAX_NAMED).map((change) => `${change.path ?? ''} ${change.what}`);
  const more = changes.length > MAX_NAMED ? ', …' : '';
  return reason('files-changed', `${changes.length} files changed (${shown.join(', ')}${more})`, changes);
}

type Files = Explanation['files'];

/** Values are `digest:mode`; a path that went and one that came with an equal value are a rename. */
function fileChanges(now: Files, then: Files): Change[] {
  if (now === undefined || then === undefined) return [];
  const changes: Change[] = [];
  const removed = new Map<string, string>();
  for (const [path, value] of Object.entries(then)) if (now[path] === undefined) removed.set(value, path);
  for (const [path, value] of Object.entries(now)) {
    const old = then[path];
    if (old === value) continue;
    if (old === undefined) {
      const from = removed.get(value);
      if (from !== undefined) removed.delete(value);
      changes.push({ path, what: from === undefined ? 'added' : `renamed from ${from}` });
    } else {
      changes.push({ path, what: differs(old, value) });
    }
  }
  for (const path of removed.values()) changes.push({ path, what: 'removed' });
  return changes;
}

function differs(old: string, value: string): string {
  const [oldDigest, oldMode] = old.split(':');
  const [digest, mode] = value.split(':');
  if (oldDigest !== digest) return 'content';
  return `mode ${oldMode ?? ''}→${mode ?? ''}`;
}

function fieldChanges(now: KeyMaterial, then: KeyMaterial): Change[] {
  const fields = new Set([...Object.keys(now.fields), ...Object.keys(then.fields)]);
  const changes: Change[] = [];
  if (now.op !== then.op || now.version !== then.version) changes.push({ name: 'op', what: `${then.op} → ${now.op}` });
  for (const name of fields) {
    if (equal(now.fields[name], then.fields[name])) continue;
    changes.push({ name, what: `${text(then.fields[name])} → ${text(now.fields[name])}` });
  }
  return changes;
}

/** Variables that changed and are not told by a build arg. */
function environmentChanges(now: KeyMaterial, then: KeyMaterial, buildArgs: readonly Change[]): Change[] {
  const args = new Set(buildArgs.map((change) => change.name));
  return valueChanges(variables(now.fields['env']), variables(then.fields['env'])).filter(
    (change) => !args.has(change.name),
  );
}

function variables(env: Json | undefined): Record<string, string> {
  if (!Array.isArray(env)) return {};
  const pairs = env.filter((item): item is string => typeof item === 'string');
  return Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
}

type Values = { readonly [name: string]: string } | undefined;

function valueChanges(now: Values = {}, then: Values = {}): Change[] {
  const changes: Change[] = [];
  for (const name of new Set([...Object.keys(then), ...Object.keys(now)])) {
    if (now[name] === then[name]) continue;
    changes.push({ name, what: `${then[name] ?? 'unset'} → ${now[name] ?? 'unset'}` });
  }
  return changes;
}

function names(changes: readonly Change[]): string {
  const first = changes[0];
  if (changes.length === 1 && first?.name === 'argv') return first.what;
  return changes.map((change) => change.name).join(', ');
}

function list(changes: readonly Change[]): string {
  return changes
    .slice(0, MAX_NAMED)
    .map((change) => `${change.name ?? ''} ${change.what}`)
    .join(', ');
}

function short(digest: Json | undefined): string {
  return text(digest).slice(0, 'sha256:'.length + 12);
}

function text(value: Json | undefined): string {
  if (value === undefined) return 'none';
  if (Array.isArray(value)) return value.map((item) => text(item as Json)).join(' ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function equal(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
