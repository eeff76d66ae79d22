import {
  type BlobOrigin,
  type BlobRef,
  type LayerRef,
  parseContentID,
  parseDiffID,
  parseDigest,
} from '../../../cache/index.ts';
import type { Platform } from '../oci/index.ts';
import type { NamedImage, StoredImage, StoredOutput } from './stored-image.ts';

const VERSION = 1;

export function renderEntry({ name, image }: NamedImage): string {
  return `${JSON.stringify({ version: VERSION, name, ...image })}\n`;
}

/** undefined for anything that this version did not write: then the name is asked for or built again. */
export function parseEntry(text: string): NamedImage | undefined {
  try {
    const raw = record(JSON.parse(text));
    return raw['version'] === VERSION ? { name: string(raw['name']), image: imageOf(raw) } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
}

type Raw = { readonly [name: string]: unknown };

function imageOf(raw: Raw): StoredImage {
  const { kind, outputs } = raw;
  if (kind !== 'built' && kind !== 'pulled') throw new TypeError('kind');
  return {
    manifest: parseDigest(string(raw['manifest'])),
    config: parseDigest(string(raw['config'])),
    platform: platform(record(raw['platform'])),
    layers: list(raw['layers']).map((layer) => layerRef(record(layer))),
    kind,
    at: number(raw['at']),
    ...(outputs === undefined ? {} : { outputs: list(outputs).map((output) => storedOutput(record(output))) }),
  };
}

function platform(raw: Raw): Platform {
  const { variant, osVersion } = raw;
  return {
    os: string(raw['os']),
    architecture: string(raw['architecture']),
    ...(variant === undefined ? {} : { variant: string(variant) }),
    ...(osVersion === undefined ? {} : { osVersion: string(osVersion) }),
  };
}

function layerRef(raw: Raw): LayerRef {
  return {
    diffID: parseDiffID(string(raw['diffID'])),
    contentID: parseContentID(string(raw['contentID'])),
    ...(raw['blob'] === undefined ? {} : { blob: blobRef(record(raw['blob'])) }),
    verified: raw['verified'] === true,
    origins: list(raw['origins']).map((origin) => blobOrigin(record(origin))),
  };
}

function blobRef(raw: Raw): BlobRef {
  return { mediaType: string(raw['mediaType']), digest: parseDigest(string(raw['digest'])), size: number(raw['size']) };
}

function blobOrigin(raw: Raw): BlobOrigin {
  return { repository: string(raw['repository']), digest: parseDigest(string(raw['digest'])) };
}

function storedOutput(raw: Raw): StoredOutput {
  return { dest: string(raw['dest']), size: number(raw['size']) };
}

function record(value: unknown): Raw {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError('not an object');
  return value as Raw;
}

function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new TypeError('not a list');
  return value;
}

function string(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError('not a text');
  return value;
}

function number(value: unknown): number {
  if (typeof value !== 'number') throw new TypeError('not a number');
  return value;
}
