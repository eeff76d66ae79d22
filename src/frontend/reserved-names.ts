/** What a stage cannot well be called: FROM and --from mean something else by it. */
export const RESERVED_NAMES: ReadonlySet<string> = new Set(['context', 'scratch']);
