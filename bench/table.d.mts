export interface Figure {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly peakBytes: number;
  readonly diskBytes: number;
  readonly load: number;
}

/** The most that tsbuild may take of the fastest other's time, for each state. */
export type Aims = Readonly<Record<string, number>>;

export interface Result {
  readonly name: string;
  readonly about: string;
  readonly at: string;
  readonly aims?: Aims | undefined;
  /** What starting Node took, a round each, in milliseconds. */
  readonly starts?: Readonly<Record<string, readonly number[]>>;
  readonly figures: Readonly<Record<string, Readonly<Record<string, readonly Figure[]>>>>;
}

export function tablesOf(measured: {
  readonly machine: { readonly cpus: number; readonly memory: number; readonly kernel: string; readonly node: string };
  readonly peers: readonly {
    readonly name: string;
    readonly version: string;
    readonly product: string;
    readonly isBeside?: boolean;
  }[];
  readonly results: readonly Result[];
}): string;
