/**
 * OCI image configuration (image-spec config.md) with Docker's additions (Healthcheck, OnBuild, Shell, ArgsEscaped). Field
 * names are the JSON's own. A null or absent field means the same to readers; writers leave absent fields out.
 */
export interface ImageConfig {
  readonly architecture: string;
  readonly os: string;
  readonly variant?: string | undefined;
  readonly 'os.version'?: string | undefined;
  readonly author?: string | undefined;
  readonly created?: string | undefined;
  readonly config: ContainerConfig;
  readonly rootfs: { readonly type: 'layers'; readonly diff_ids: readonly string[] };
  readonly history?: readonly HistoryEntry[] | undefined;
}

export interface ContainerConfig {
  readonly User?: string | undefined;
  readonly ExposedPorts?: { readonly [port: string]: Record<string, never> } | undefined;
  readonly Env?: readonly string[] | undefined;
  readonly Entrypoint?: readonly string[] | null | undefined;
  readonly Cmd?: readonly string[] | null | undefined;
  readonly Volumes?: { readonly [path: string]: Record<string, never> } | undefined;
  readonly WorkingDir?: string | undefined;
  readonly Labels?: { readonly [name: string]: string } | undefined;
  readonly StopSignal?: string | undefined;
  readonly ArgsEscaped?: boolean | undefined;
  readonly Healthcheck?: Healthcheck | undefined;
  readonly OnBuild?: readonly string[] | undefined;
  readonly Shell?: readonly string[] | undefined;
}

/** Durations in nanoseconds, as Docker writes them. */
export interface Healthcheck {
  readonly Test?: readonly string[] | undefined;
  readonly Interval?: number | undefined;
  readonly Timeout?: number | undefined;
  readonly StartPeriod?: number | undefined;
  readonly StartInterval?: number | undefined;
  readonly Retries?: number | undefined;
}

export interface HistoryEntry {
  readonly created?: string | undefined;
  readonly created_by?: string | undefined;
  readonly author?: string | undefined;
  readonly comment?: string | undefined;
  readonly empty_layer?: boolean | undefined;
}
