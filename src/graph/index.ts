export type * from './definition.ts';
export { namedInputs } from './inputs.ts';
export type * from './op.ts';
export { collectVertices, makeVertex } from './vertex.ts';
