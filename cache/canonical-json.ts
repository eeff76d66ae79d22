import type { Json } from './types.ts';

/**
 * One text for one value: object keys in code unit order, no blanks, numbers and strings as JSON.stringify writes them. A property
 * whose value is undefined is not there.
 * @throws TypeError for what JSON cannot say: NaN, infinities, undefined in an array, functions, bigints
 */
export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item as Json)).join(',')}]`;
  if (typeof value === 'object' && value !== null) return canonicalObject(value as { readonly [name: string]: Json });
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return JSON.stringify(value);
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  throw new TypeError(`no JSON value: ${String(value)}`);
}

function canonicalObject(object: { readonly [name: string]: Json | undefined }): string {
  const members: string[] = [];
  for (const name of Object.keys(object).sort()) {
    const value = object[name];
    if (value !== undefined) members.push(`${JSON.stringify(name)}:${canonicalJson(value)}`);
  }
  return `{${members.join(',')}}`;
}
