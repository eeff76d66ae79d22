import { splitCsv } from '../../util/csv.ts';
import { parseGoBool } from '../../util/go-bool.ts';

export interface PlannedFlag {
  readonly flags: string;
  /** The key under which the parser stores it. */
  readonly name: string;
  readonly hint: string;
  /** Whether a value asks for what is done anyway. */
  readonly isMet?: (value: string) => boolean;
}

const CACHE_HINT = 'what is cached lies in the state directory: keep that of --root DIR between builds';
const ATTEST_HINT = 'images have no attestations: leave it out, or give --provenance=false and --sbom=false';

/** `false`, or a spec with `disabled=true`. */
function asksForNone(value: string): boolean {
  return parseGoBool(value) === false || (splitCsv(value) ?? []).some(isDisabled);
}

function isDisabled(field: string): boolean {
  const [key, value = ''] = field.split('=');
  return key?.toLowerCase() === 'disabled' && parseGoBool(value) === true;
}

/** Flags of the contract that are refused, never accepted and ignored. */
export const PLANNED_FLAGS: readonly PlannedFlag[] = [
  { flags: '--cache-from <spec>', name: 'cacheFrom', hint: CACHE_HINT },
  { flags: '--cache-to <spec>', name: 'cacheTo', hint: CACHE_HINT },
  {
    flags: '--policy <spec>',
    name: 'policy',
    hint: 'sources have no policies: name them by digest, as in FROM app@sha256:…',
  },
  { flags: '--attest <spec>', name: 'attest', hint: ATTEST_HINT, isMet: asksForNone },
  { flags: '--provenance [value]', name: 'provenance', hint: ATTEST_HINT, isMet: asksForNone },
  { flags: '--sbom [value]', name: 'sbom', hint: ATTEST_HINT, isMet: asksForNone },
];
