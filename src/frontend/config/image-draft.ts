import { type ContainerConfig, type ImageConfig, normalisePlatform, type Platform } from '../../image/oci/index.ts';
import { splitPair } from './build-env.ts';

export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const DEFAULT_SHELL: readonly string[] = ['/bin/sh', '-c'];

/** An image's config while a stage changes it: everything of ImageConfig but what only the solve can tell. */
export type ImageDraft = Omit<ImageConfig, 'rootfs' | 'history' | 'created'>;

export function emptyImage(platform: Platform): ImageDraft {
  return {
    ...platformFields(platform),
    config: withPath({ WorkingDir: '/' }, platform),
  };
}

/** What a stage inherits from an image; its triggers fire and are gone. */
export function inheritedImage(image: ImageConfig | ImageDraft): ImageDraft {
  const { architecture, os, variant, author, config } = image;
  return {
    architecture,
    os,
    ...(variant === undefined ? {} : { variant }),
    ...(image['os.version'] === undefined ? {} : { 'os.version': image['os.version'] }),
    ...(author === undefined ? {} : { author }),
    config: withPath({ ...config, OnBuild: undefined }, image),
  };
}

export function withConfig(image: ImageDraft, changes: Partial<ContainerConfig>): ImageDraft {
  return { ...image, config: { ...image.config, ...changes } };
}

/** SHELL and the command, as RUN, CMD and ENTRYPOINT in shell form have it. */
export function withShell(image: ImageDraft, args: readonly string[]): readonly string[] {
  const shell = image.config.Shell ?? [];
  return [...(shell.length > 0 ? shell : DEFAULT_SHELL), args.join(' ')];
}

/** The config of the target: for the platform that was asked for, with the labels of the command line, nothing absent. */
export function finalImage(
  image: ImageDraft,
  { platform, labels }: { platform: Platform | undefined; labels: ReadonlyMap<string, string> },
): ImageDraft {
  const Labels = { ...image.config.Labels, ...Object.fromEntries(labels) };
  const config = Object.fromEntries(
    Object.entries({ ...image.config, Labels }).filter(([, value]) => isPresent(value)),
  );
  const { author } = image;
  const fields = platformFields(normalisePlatform(platformFor(image, platform)));
  return { ...fields, ...(author === undefined ? {} : { author }), config };
}

export function platformOf({ os, architecture, variant, 'os.version': osVersion }: ImageDraft): Platform {
  return { os, architecture, variant, osVersion };
}

/** The platform asked for wins; what it leaves open comes from a base of the same os and architecture. */
function platformFor(image: ImageDraft, wanted: Platform | undefined): Platform {
  const own = platformOf(image);
  if (wanted === undefined) return own;
  if (own.os !== wanted.os || own.architecture !== wanted.architecture) return wanted;
  return { ...wanted, variant: wanted.variant || own.variant, osVersion: wanted.osVersion ?? own.osVersion };
}

function platformFields({ os, architecture, variant, osVersion }: Platform) {
  return {
    architecture,
    os,
    ...(variant === undefined || variant === '' ? {} : { variant }),
    ...(osVersion === undefined ? {} : { 'os.version': osVersion }),
  };
}

/** Windows has a PATH of its own. */
function withPath(config: ContainerConfig, { os }: Pick<Platform, 'os'>): ContainerConfig {
  const env = config.Env ?? [];
  const hasPath = os === 'windows' || env.some((pair) => splitPair(pair)[0] === 'PATH');
  return hasPath ? config : { ...config, Env: [...env, `PATH=${DEFAULT_PATH}`] };
}

/** Absent, null and empty mean the same to readers of a config; absent is what is written. */
function isPresent(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return false;
  if (Array.isArray(value)) return value.length > 0;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}
