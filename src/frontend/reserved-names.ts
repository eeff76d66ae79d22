/** What a stage cannot well be called: FROM and --from mean something else by it. */
export const RESERVED_NAMES: ReadonlySet<string> = new Set(['context', 'scratch']);

/** ARGs that scanners read: never variables of a process, and nobody is told that one is not set. */
export const SCANNER_ARGS: ReadonlySet<string> = new Set(['BUILDKIT_SBOM_SCAN_CONTEXT', 'BUILDKIT_SBOM_SCAN_STAGE']);
