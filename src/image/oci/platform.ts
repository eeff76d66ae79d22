import { BuildError } from '../../errors.ts';

/** As in the image-spec: GOOS and GOARCH words. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string | undefined;
  readonly osVersion?: string | undefined;
}

/**
 * `os[(version)]/arch[/variant]`, or `os` or `arch` alone, completed from the host. Normalised.
 * @throws BuildError platform-invalid
 */
export function parsePlatform(text: string, host: Platform = LINUX_AMD64): Platform {
  const { os: first, osVersion, architecture, variant } = componentsOf(text);
  if (architecture !== undefined) return normalisePlatform({ os: first, architecture, variant, osVersion });
  const os = normaliseOS(first);
  if (KNOWN_OS.has(os)) return normalisePlatform({ ...host, os, osVersion });
  const alone = normalisePlatform({ os: host.os, architecture: text });
  if (!KNOWN_ARCHITECTURES.has(alone.architecture)) throw malformed(text);
  return alone;
}

type Components = Omit<Platform, 'architecture'> & { readonly architecture?: string | undefined };

function componentsOf(text: string): Components {
  const [first = '', ...rest] = text.split('/');
  const [, os, version = ''] = OS.exec(first) ?? [];
  if (os === undefined || rest.length > 2 || !rest.every((part) => WORD.test(part))) throw malformed(text);
  const [architecture, variant] = rest;
  return { os, osVersion: version === '' ? undefined : unescaped(version, text), architecture, variant };
}

/** `%28` is `(`. */
function unescaped(version: string, text: string): string {
  try {
    return decodeURIComponent(version);
  } catch {
    throw malformed(text);
  }
}

/** `linux/arm/v7` */
export function formatPlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, ...(variant === undefined || variant === '' ? [] : [variant])].join('/');
}

/** Aliases resolved (x86_64, aarch64, armhf), variants that say nothing dropped (arm64/v8, amd64/v1), arm without one is v7. */
export function normalisePlatform({ os, architecture, variant = '', osVersion }: Platform): Platform {
  const arch = architecture.toLowerCase();
  const known = ALIASES.get(arch) ?? [arch];
  const word = normaliseVariant(known[0], variant.toLowerCase() || (known[1] ?? ''));
  return {
    os: normaliseOS(os),
    architecture: known[0],
    ...(word === '' ? {} : { variant: word }),
    ...(osVersion === undefined ? {} : { osVersion }),
  };
}

/**
 * The candidate that suits `wanted` best, as containerd chooses: the same platform, else the nearest older one that this
 * processor runs (arm/v7 → v6 → v5, amd64 → 386, arm64 → 32-bit arm); entries without a platform come last. Of equals, the first.
 */
export function matchPlatform<T extends { readonly platform?: Platform | undefined }>(
  candidates: readonly T[],
  wanted: Platform,
): T | undefined {
  for (const acceptable of acceptables(normalisePlatform(wanted))) {
    const found = candidates.find(
      ({ platform }) => platform !== undefined && isSame(normalisePlatform(platform), acceptable),
    );
    if (found !== undefined) return found;
  }
  return candidates.find(({ platform }) => platform === undefined);
}

/** @param arch process.arch */
export function hostPlatform(arch: string): Platform {
  return normalisePlatform({ os: 'linux', architecture: NODE_ARCHITECTURES[arch] ?? arch });
}

const LINUX_AMD64: Platform = { os: 'linux', architecture: 'amd64' };
const WORD = /^[A-Za-z0-9_.-]+$/;
const OS = /^([A-Za-z0-9_-]+)(?:\(([A-Za-z0-9_.%-]*)\))?$/;
const KNOWN_OS = new Set([
  'linux',
  'windows',
  'darwin',
  'freebsd',
  'netbsd',
  'openbsd',
  'solaris',
  'wasi',
  'plan9',
  'illumos',
  'aix',
]);
const KNOWN_ARCHITECTURES = new Set([
  '386',
  'amd64',
  'arm',
  'arm64',
  'loong64',
  'mips',
  'mipsle',
  'mips64',
  'mips64le',
  'ppc64',
  'ppc64le',
  'riscv64',
  's390x',
  'wasm',
]);
const NODE_ARCHITECTURES: { readonly [arch: string]: string } = {
  x64: 'amd64',
  ia32: '386',
  ppc64: 'ppc64le',
  mipsel: 'mipsle',
};
const ALIASES: ReadonlyMap<string, readonly [string, string?]> = new Map([
  ['x86_64', ['amd64']],
  ['x86-64', ['amd64']],
  ['i386', ['386']],
  ['aarch64', ['arm64']],
  ['armhf', ['arm', 'v7']],
  ['armel', ['arm', 'v6']],
]);

function normaliseOS(os: string): string {
  const lower = os.toLowerCase();
  return lower === 'macos' ? 'darwin' : lower;
}

function normaliseVariant(architecture: string, variant: string): string {
  const word = /^\d$/.test(variant) ? `v${variant}` : variant;
  if (architecture === 'arm') return word === '' ? 'v7' : word;
  if (architecture === 'arm64' && word === 'v8') return '';
  if (architecture === 'amd64' && word === 'v1') return '';
  if (architecture === '386') return '';
  return word;
}

function acceptables({ os, architecture, variant = '' }: Platform): readonly Platform[] {
  const of = (arch: string, ...variants: string[]) =>
    variants.map((word) => ({ os, architecture: arch, variant: word }));
  const level = Number(variant.slice(1)) || 0;
  const arm = (from: number) => of('arm', ...[8, 7, 6, 5].filter((n) => n <= from).map((n) => `v${n}`));
  if (architecture === 'amd64') {
    return [...of('amd64', ...[4, 3, 2].filter((n) => n <= level).map((n) => `v${n}`), ''), ...of('386', '')];
  }
  if (architecture === 'arm') return arm(level);
  if (architecture === 'arm64') return [...of('arm64', ...(variant === '' ? [''] : [variant, ''])), ...arm(8)];
  return of(architecture, variant);
}

function isSame(a: Platform, b: Platform): boolean {
  return a.os === b.os && a.architecture === b.architecture && (a.variant ?? '') === (b.variant ?? '');
}

function malformed(text: string): BuildError {
  return new BuildError('platform-invalid', `${JSON.stringify(text)} is not a platform`, {
    hint: 'write os/arch or os/arch/variant, such as linux/amd64 or linux/arm/v7',
  });
}
