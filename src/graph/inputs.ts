import type { Op, OpKind } from './op.ts';

type InputsOf = { readonly [K in OpKind]: (op: Extract<Op, { kind: K }>) => readonly number[] };

/** Which of its vertex's inputs an op names; a new kind does not compile until it says so. */
const INPUTS: InputsOf = {
  image: () => [],
  scratch: () => [],
  context: () => [],
  http: () => [],
  git: () => [],
  mkdir: () => [0],
  copy: (op) => [0, ...op.sources.flatMap((source) => (source.kind === 'path' ? [source.input] : []))],
  run: (op) => [
    0,
    ...op.mounts.flatMap((mount) => {
      if (mount.type === 'bind') return [mount.input];
      return mount.type === 'cache' && mount.seed !== undefined ? [mount.seed.input] : [];
    }),
  ],
};

export function namedInputs(op: Op): readonly number[] {
  const inputsOf = INPUTS[op.kind] as (op: Op) => readonly number[];
  return inputsOf(op);
}
