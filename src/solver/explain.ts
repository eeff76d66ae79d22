import type { CacheRecord, Explanation, Json, KeyMaterial } from '../../cache/index.ts';
import { familiarName } from '../image/oci/index.ts';
import type { Change, MissCode, Reason } from '../progress/index.ts';
import { editText, fieldChanges, isSame, textOf } from './explain-fields.ts';
import { fileChanges, filesText } from './explain-files.ts';

export interface MissFacts {
  readonly material: KeyMaterial;
  readonly explanation: Explanation;
  /** The nearest earlier record for the same place in the Dockerfile. */
  readonly earlier: Pick<CacheRecord, 'material' | 'explanation'> | undefined;
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
  if (earlier === undefined || earlier.material.op !== material.op) return reason('no-record', 'never built');
  const before = earlier.material;
  if (material.version !== before.version) return reason('no-record', 'never built by this version of tsbuild');
  if (material.op === 'image') return explainBase(material, before);
  const own = ownChanges(facts, { ...earlier });
  if (own !== undefined) return own;
  if (material.content !== before.content) return explainFiles(facts.explanation, earlier.explanation);
  return isSame(material.inputs, before.inputs) ? reason('pruned', 'pruned') : explainBelow(facts, earlier);
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

/** What the instruction itself says otherwise than before; undefined when it is the same. */
function ownChanges(
  { material, explanation }: MissFacts,
  earlier: NonNullable<MissFacts['earlier']>,
): Reason<MissCode> | undefined {
  const own = fieldChanges(material, earlier.material);
  const instruction = own.filter((change) => !INHERITED.has(change.name ?? ''));
  if (instruction.length > 0)
    return reason('instruction-changed', `instruction edited: ${editsText(instruction)}`, instruction);
  const platform = own.filter((change) => change.name === 'platform');
  if (platform.length > 0) return platformChanged(platform);
  const epoch = own.filter((change) => change.name === 'epoch');
  if (epoch.length > 0) return explainEpoch(epoch);
  if (own.length === 0) return undefined;
  const buildArgs = valueChanges(explanation.buildArgs, earlier.explanation.buildArgs);
  const env = environmentChanges(material, earlier.material, buildArgs);
  if (env.length > 0) return reason('env-changed', `ENV ${list(env)}`, env);
  if (buildArgs.length > 0) return reason('build-arg-changed', `build-arg ${list(buildArgs)}`, buildArgs);
  const order = orderChange(material, earlier.material);
  return order && reason('env-changed', 'its variables come in another order', [order]);
}

/** What the instruction itself does not say. */
const INHERITED: ReadonlySet<string> = new Set(['env', 'platform', 'epoch']);

function explainEpoch(changes: readonly Change[]): Reason<MissCode> {
  const named = changes.map((change) => ({ ...change, name: 'SOURCE_DATE_EPOCH' }));
  return reason('build-arg-changed', `build-arg ${list(named)}`, named);
}

function explainBase(material: KeyMaterial, before: KeyMaterial): Reason<MissCode> {
  const name = textOf(material.fields['name']);
  const [was, is] = [textOf(before.fields['name']), name].map(familiarName);
  if (was !== is)
    return reason('instruction-changed', `instruction edited: FROM ${was} → ${is}`, [
      { name: 'FROM', what: `${was} → ${is}` },
    ]);
  const changes = fieldChanges(material, before);
  const platform = changes.filter((change) => change.name === 'platform');
  if (platform.length > 0) return platformChanged(platform);
  return baseMoved(name, before.fields['manifest'], material.fields['manifest']);
}

/** The nearest step that changed; where all of them hit, another base or another order of them is why. */
function explainBelow(
  { changedBelow, explanation }: MissFacts,
  earlier: NonNullable<MissFacts['earlier']>,
): Reason<MissCode> {
  if (changedBelow !== undefined) return reason('parent-changed', `${changedBelow} changed before it`);
  const [then, now] = [earlier.explanation.base, explanation.base];
  if (isSame(then, now)) return reason('parent-changed', 'other steps come before it');
  if (then?.name === now?.name) return baseMoved(now?.name ?? '', then?.manifest, now?.manifest);
  const [was, is] = [nameOf(then?.name), nameOf(now?.name)];
  return reason('base-changed', `base ${was} → ${is}`, [{ name: 'FROM', what: `${was} → ${is}` }]);
}

function platformChanged(changes: readonly Change[]): Reason<MissCode> {
  return reason('platform-changed', `platform ${changes[0]?.what ?? ''}`, changes);
}

function nameOf(base: string | undefined): string {
  return base === undefined ? 'scratch' : familiarName(base);
}

function baseMoved(name: string, then: Json | undefined, now: Json | undefined): Reason<MissCode> {
  const shown = familiarName(name);
  return reason('base-changed', `base ${shown} moved ${short(then)} → ${short(now)}`, [
    { name: shown, what: `${textOf(then)} → ${textOf(now)}` },
  ]);
}

function explainFiles(now: Explanation, then: Explanation): Reason<MissCode> {
  const changes = fileChanges(now.files, then.files);
  return reason('files-changed', filesText(changes), changes);
}

/** Variables that changed and are not told by a build arg. */
function environmentChanges(now: KeyMaterial, then: KeyMaterial, buildArgs: readonly Change[]): Change[] {
  const args = new Set(buildArgs.map((change) => change.name));
  return valueChanges(variables(now.fields['env']), variables(then.fields['env'])).filter(
    (change) => !args.has(change.name),
  );
}

/** The variables that changed places; a command can see which one comes first. */
function orderChange(now: KeyMaterial, then: KeyMaterial): Change | undefined {
  const [before, after] = [then, now].map(({ fields }) => Object.keys(variables(fields['env'])));
  const moved = (names: readonly string[] = [], others: readonly string[] = []) =>
    names.filter((name, index) => name !== others[index]).join(' ');
  const what = `${moved(before, after)} → ${moved(after, before)}`;
  return what === ' → ' ? undefined : { name: 'ENV', what };
}

function variables(env: Json | undefined): Record<string, string> {
  if (!Array.isArray(env)) return {};
  const pairs = env.filter((item): item is string => typeof item === 'string');
  return Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
}

type Values = { readonly [name: string]: string } | undefined;

function valueChanges(now: Values = {}, then: Values = {}): Change[] {
  const [before, after] = [new Map(Object.entries(then)), new Map(Object.entries(now))];
  const changes: Change[] = [];
  for (const name of new Set([...before.keys(), ...after.keys()])) {
    const [was, is] = [before.get(name), after.get(name)];
    if (was !== is) changes.push({ name, what: `${was ?? 'unset'} → ${is ?? 'unset'}` });
  }
  return changes;
}

/** A lone edit as it is; the command's when there are several; else the names of what was edited. */
function editsText(changes: readonly Change[]): string {
  const command = changes.find(({ name }) => name === 'argv' || name === 'heredoc');
  if (command !== undefined) return editText(command.what);
  const [first] = changes;
  if (changes.length === 1 && first !== undefined) return `${first.name ?? ''} ${editText(first.what)}`;
  return changes.map((change) => change.name).join(', ');
}

function list(changes: readonly Change[]): string {
  return changes
    .slice(0, MAX_NAMED)
    .map((change) => `${change.name ?? ''} ${change.what}`)
    .join(', ');
}

/** Enough of a digest to be recognised. */
function short(digest: Json | undefined): string {
  return `${textOf(digest).slice(0, 'sha256:'.length + 12)}…`;
}
