export interface PlannedFlag {
  readonly flags: string;
  /** The key under which the parser stores it. */
  readonly name: string;
  readonly hint?: string;
}

/** Flags of the contract that are refused, never accepted and ignored. */
export const PLANNED_FLAGS: readonly PlannedFlag[] = [
  { flags: '--cache-from <spec>', name: 'cacheFrom' },
  { flags: '--cache-to <spec>', name: 'cacheTo' },
  { flags: '--attest <spec>', name: 'attest' },
  { flags: '--provenance [value]', name: 'provenance' },
  { flags: '--sbom [value]', name: 'sbom' },
];
