export type * from './definition.ts';
export type * from './op.ts';
