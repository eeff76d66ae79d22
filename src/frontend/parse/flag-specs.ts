type FlagType = 'bool' | 'string' | 'list';

export interface FlagSpecs {
  readonly [name: string]: FlagType;
}

/** The flags of each instruction; undefined where BuildKit does not look at them. */
export function flagSpecsOf(keyword: string): FlagSpecs | undefined {
  return UNCHECKED.has(keyword) ? undefined : (SPECS.get(keyword) ?? {});
}

/** An instruction that has the flag. */
export function ownerOfFlag(name: string): string | undefined {
  for (const [keyword, specs] of SPECS) if (Object.hasOwn(specs, name)) return keyword;
  return undefined;
}

const UNCHECKED: ReadonlySet<string> = new Set(['ARG', 'STOPSIGNAL']);

const SPECS: ReadonlyMap<string, FlagSpecs> = new Map<string, FlagSpecs>([
  ['FROM', { platform: 'string' }],
  ['RUN', { mount: 'list', network: 'string', security: 'string', device: 'list' }],
  ['COPY', { from: 'string', chown: 'string', chmod: 'string', link: 'bool', parents: 'bool', exclude: 'list' }],
  [
    'ADD',
    {
      chown: 'string',
      chmod: 'string',
      link: 'bool',
      'keep-git-dir': 'bool',
      checksum: 'string',
      unpack: 'bool',
      exclude: 'list',
    },
  ],
  [
    'HEALTHCHECK',
    {
      interval: 'string',
      timeout: 'string',
      'start-period': 'string',
      'start-interval': 'string',
      retries: 'string',
    },
  ],
]);
