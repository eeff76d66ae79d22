import { canonicalJson } from '../canonical-json.ts';
import type { Json, KeyMaterial } from '../types.ts';

/** In how many fields two key materials differ; 0 means that they make one key. */
export function differenceOf(one: KeyMaterial, other: KeyMaterial): number {
  let count = 0;
  if (one.op !== other.op) count++;
  if (one.version !== other.version) count++;
  if (one.content !== other.content) count++;
  if (!isSame(one.inputs, other.inputs)) count++;
  for (const name of new Set([...Object.keys(one.fields), ...Object.keys(other.fields)])) {
    if (!isSame(one.fields[name], other.fields[name])) count++;
  }
  return count;
}

function isSame(one: Json | undefined, other: Json | undefined): boolean {
  if (one === other) return true;
  if (one === undefined || other === undefined) return false;
  return canonicalJson(one) === canonicalJson(other);
}
