import type { KeyMaterial } from '../../cache/index.ts';
import { isSame } from './explain-fields.ts';

/** Which parts of two keys are the same: fields by name, and `content`, `inputs` and `op`, in byte order. */
export function compareKeys(now: KeyMaterial, then: KeyMaterial): { same: string[]; other: string[] } {
  const [one, two] = [partsOf(now), partsOf(then)];
  const names = [...new Set([...one.keys(), ...two.keys()])].sort();
  return {
    same: names.filter((name) => isSame(one.get(name), two.get(name))),
    other: names.filter((name) => !isSame(one.get(name), two.get(name))),
  };
}

function partsOf({ op, version, fields, content, inputs }: KeyMaterial): Map<string, unknown> {
  return new Map<string, unknown>([
    ...Object.entries(fields),
    ['inputs', inputs],
    ...(content === undefined ? [] : [['content', content] as const]),
    ['op', `${op} ${String(version)}`],
  ]);
}
