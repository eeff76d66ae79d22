import type { Change } from './world.ts';

type Changes = readonly { readonly path?: string; readonly name?: string; readonly what: string }[];

/** One cause, and exactly what follows from it. */
export interface Mutation {
  readonly cause: string;
  readonly change: Change;
  /** Of every step that misses, by its text: the code, and the changes that are named. All others hit. */
  readonly misses: Readonly<Record<string, readonly [code: string, changes?: Changes]>>;
  /** Codes of hits that are no plain ones. */
  readonly hits?: Readonly<Record<string, string>>;
}

export const DOCUMENTS = 'COPY --from=documents /heredoc /inline ./';
export const FILES = 'COPY --from=files /out ./';
export const ARGS = 'COPY --from=args /version ./';
export const ENV = 'COPY --from=env /mode ./';
export const MOUNTS = 'COPY --from=mounts /bound /secret /cached ./';
export const USER = 'COPY --from=user /b.txt /tmp/mine ./';
export const SRC = 'COPY src/ /src/';
export const CAT = 'RUN cat /src/a.txt > /out';

/** Digests differ from machine to machine. */
export const MOVED = 'one → another';
/** So do directories. */
export const LAYOUT = 'oci-layout';

export const NONE = {};
/** Below the first of these steps the files differ, and nothing that the later ones depend on. */
export const relinkedAfter = (step: string): Record<string, string> => {
  const all = [FILES, ARGS, ENV, MOUNTS, USER, DOCUMENTS];
  return Object.fromEntries(all.slice(all.indexOf(step) + 1).map((one) => [one, 'relinked']));
};
/** These stand on a step that ran again and made the same. */
export const cutOff = (step: string): Record<string, string> => ({ [step]: 'early-cut-off' });
export const parentChanged: readonly [string] = ['parent-changed'];
export const files = (...changes: readonly [string, string][]): readonly [string, Changes] => [
  'files-changed',
  changes.map(([path, what]) => ({ path, what })),
];

/** Other files in src/, none of which a later result depends on. */
export const unnoticed = (cause: readonly [string, Changes]): Pick<Mutation, 'misses' | 'hits'> => ({
  misses: { [SRC]: cause, [CAT]: parentChanged },
  hits: cutOff(FILES),
});
