export * from './digest.ts';
export type * from './types.ts';
