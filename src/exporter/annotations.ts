import { BuildError } from '../errors.ts';
import { formatPlatform, normalisePlatform, type Platform, parsePlatform } from '../image/oci/index.ts';
import type { OutputAnnotations, OutputSpec } from './output-spec.ts';

/** One annotation as it was written: where it goes, and for which platform. */
export interface WrittenAnnotation {
  /** '' is the manifest. */
  readonly level: string;
  readonly platform: string | undefined;
  readonly name: string;
  readonly value: string;
}

const LEVELS = ['manifest', 'manifest-descriptor', 'index', 'index-descriptor'] as const;

/**
 * Annotations by where they go. undefined when there are none.
 * @param inWords what they were part of, for messages: `output "type=oci,…"`
 * @throws BuildError usage, platform-invalid
 */
export function gatherAnnotations(
  written: readonly WrittenAnnotation[],
  inWords: string,
): OutputAnnotations | undefined {
  const levels = { manifest: new Map<string, string>(), descriptor: new Map<string, string>() };
  const forPlatforms: NonNullable<OutputAnnotations['forPlatforms']>[number][] = [];
  for (const { level, platform, name, value } of written) {
    const known = knownLevel(level, inWords);
    if (name === '') throw usage(`${inWords} has an annotation without a name`);
    if (known === 'index')
      throw usage(
        `${inWords} has "${level}": index annotations are not supported for a single platform`,
        `annotate the manifest: annotation.${name}=${value}, or --annotation ${name}=${value}`,
      );
    if (platform === undefined) levels[known].set(name, value);
    else forPlatforms.push({ platform: parsePlatform(platform), level: known, name, value });
  }
  if (written.length === 0) return undefined;
  return {
    manifest: Object.fromEntries(levels.manifest),
    descriptor: Object.fromEntries(levels.descriptor),
    ...(forPlatforms.length === 0 ? {} : { forPlatforms }),
  };
}

function knownLevel(level: string, inWords: string): 'manifest' | 'descriptor' | 'index' {
  const found = LEVELS.find((one) => one === (level === '' ? 'manifest' : level));
  if (found === undefined)
    throw usage(`${inWords} has the unknown annotation type "${level}"`, `it takes ${LEVELS.join(', ')}`);
  if (found === 'manifest') return 'manifest';
  return found === 'manifest-descriptor' ? 'descriptor' : 'index';
}

/** `[TYPE[,TYPE…]:]KEY=VALUE`, each type with a platform in brackets if it is for that one alone. @throws BuildError usage */
export function parseAnnotations(texts: readonly string[]): OutputAnnotations | undefined {
  return gatherAnnotations(texts.flatMap(parseAnnotation), '--annotation');
}

function parseAnnotation(text: string): readonly WrittenAnnotation[] {
  const [, key, value] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
  if (key === undefined || value === undefined)
    throw usage(`--annotation ${JSON.stringify(text)} is not KEY=VALUE`, 'e.g. --annotation org.example.team=web');
  const colon = key.indexOf(':');
  if (colon < 0) return [{ level: '', platform: undefined, name: key, value }];
  const name = key.slice(colon + 1);
  return key
    .slice(0, colon)
    .split(',')
    .map((type) => {
      const [, level, platform] = /^([a-z-]+)(?:\[([A-Za-z0-9_/.-]+)\])?$/.exec(type) ?? [];
      if (level === undefined) throw usage(`--annotation ${JSON.stringify(text)} has the unknown type "${type}"`);
      return { level, platform, name, value };
    });
}

/** Both; of equal names the second's. */
export function mergeAnnotations(
  first: OutputAnnotations | undefined,
  second: OutputAnnotations | undefined,
): OutputAnnotations | undefined {
  if (first === undefined || second === undefined) return first ?? second;
  const forPlatforms = [...(first.forPlatforms ?? []), ...(second.forPlatforms ?? [])];
  return {
    manifest: { ...first.manifest, ...second.manifest },
    descriptor: { ...first.descriptor, ...second.descriptor },
    ...(forPlatforms.length === 0 ? {} : { forPlatforms }),
  };
}

/** An output whose annotations are those of one platform. @throws BuildError usage for one that the image is not for */
export function annotatedFor(spec: OutputSpec, platform: Platform): OutputSpec {
  const { annotations } = spec;
  if (annotations?.forPlatforms === undefined) return spec;
  const own = formatPlatform(normalisePlatform(platform));
  const levels = { manifest: { ...annotations.manifest }, descriptor: { ...annotations.descriptor } };
  for (const { platform: wanted, level, name, value } of annotations.forPlatforms) {
    const text = formatPlatform(normalisePlatform(wanted));
    if (text !== own)
      throw usage(`an annotation is for ${text}, and the image is for ${own}`, `write [${own}], or no platform`);
    levels[level][name] = value;
  }
  return { ...spec, annotations: levels };
}

function usage(message: string, hint?: string): BuildError {
  return new BuildError('usage', message, { hint });
}
