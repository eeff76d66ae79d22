import type { Flag, Instruction } from '../ast.ts';

export function findFlag({ flags }: Instruction, name: string): Flag | undefined {
  return flags.find((flag) => flag.name === name);
}

/** A bare `--flag` is true. */
export function isOn(flag: Flag | undefined): boolean {
  return flag !== undefined && (flag.value === undefined || flag.value.toLowerCase() === 'true');
}

export function valuesOf({ flags }: Instruction, name: string): readonly string[] {
  return flags.flatMap((flag) => (flag.name === name && flag.value !== undefined ? [flag.value] : []));
}
