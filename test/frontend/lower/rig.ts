import { digestOf, type LayerRef, parseContentID, parseDiffID } from '../../../cache/index.ts';
import { BuildError } from '../../../src/errors.ts';
import type {
  Diagnostic,
  ImageResolver,
  LowerDeps,
  Lowered,
  LowerOptions,
  NamedContext,
  Outline,
} from '../../../src/frontend/index.ts';
import { assertParsed, lower, outlineDockerfile, parseDockerfile } from '../../../src/frontend/index.ts';
import type { Op, Vertex } from '../../../src/graph/index.ts';
import type { ContainerConfig, ImageConfig } from '../../../src/image/oci/index.ts';

export const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const AMD64 = { os: 'linux', architecture: 'amd64' };

export interface FakeImage extends Partial<Omit<ImageConfig, 'config'>> {
  readonly config?: ContainerConfig;
}

export interface FakeResolver extends ImageResolver {
  /** `name platform` of each call, in order. */
  readonly asked: readonly string[];
}

/** Knows the images by the names as asked for; anything else is image-not-found. */
export function fakeResolver(images: { readonly [name: string]: FakeImage } = { base: {} }): FakeResolver {
  const asked: string[] = [];
  return {
    asked,
    resolve(name, { platform }) {
      asked.push(`${name} ${platform.os}/${platform.architecture}`);
      const image = images[name];
      if (image === undefined) return Promise.reject(new BuildError('image-not-found', `no image ${name}`));
      const { config = { Env: [PATH], WorkingDir: '/' }, history = [{ created_by: `base ${name}` }], ...rest } = image;
      const layers: LayerRef[] = [layerOf(name)];
      return Promise.resolve({
        name: `docker.io/library/${name}:latest`,
        manifest: digestOf(name),
        layers,
        config: {
          ...AMD64,
          config,
          history,
          rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.diffID) },
          ...rest,
        },
      });
    },
  };
}

function layerOf(name: string): LayerRef {
  const digest = digestOf(`layer of ${name}`);
  return { diffID: parseDiffID(digest), contentID: parseContentID(digest), verified: false, origins: [] };
}

export type GivenOptions = Omit<Partial<LowerOptions>, 'buildArgs' | 'labels' | 'contexts' | 'allow'> & {
  readonly buildArgs?: { readonly [name: string]: string };
  readonly labels?: { readonly [name: string]: string };
  readonly contexts?: { readonly [name: string]: string };
  readonly allow?: readonly string[];
  readonly resolver?: ImageResolver;
  readonly images?: { readonly [name: string]: FakeImage };
  readonly signal?: AbortSignal;
  readonly dateOf?: LowerDeps['dateOf'];
  readonly report?: (diagnostics: readonly Diagnostic[]) => void;
};

export interface Checked {
  readonly diagnostics: readonly Diagnostic[];
  readonly error: BuildError | undefined;
}

/** Lowers as a check does: what was found counts, also when lowering fails. */
export async function checkText(text: string, given: GivenOptions = {}): Promise<Checked> {
  let diagnostics: readonly Diagnostic[] = [];
  const report = (found: readonly Diagnostic[]): void => {
    diagnostics = found;
  };
  try {
    await lowerText(text, { isCheck: true, ...given, report });
    return { diagnostics, error: undefined };
  } catch (error) {
    if (error instanceof BuildError) return { diagnostics, error };
    throw error;
  }
}

/** Parses and lowers; a context without a scheme is a directory. */
export async function lowerText(text: string | Uint8Array, given: GivenOptions = {}): Promise<Lowered> {
  return lower(...parsed(text, given));
}

export async function outlineText(text: string, given: GivenOptions = {}): Promise<Outline> {
  return outlineDockerfile(...parsed(text, given));
}

function parsed(text: string | Uint8Array, given: GivenOptions): Parameters<typeof lower> {
  const dockerfile = parseDockerfile(text, { file: 'Dockerfile' });
  const {
    images,
    resolver = fakeResolver(images),
    signal = new AbortController().signal,
    report,
    dateOf,
    ...rest
  } = given;
  const contexts: (readonly [string, NamedContext])[] = Object.entries(given.contexts ?? {}).map(
    ([name, value]) => [name, value.includes('://') ? { kind: 'image', name: value } : { kind: 'directory' }] as const,
  );
  const options: LowerOptions = {
    buildPlatform: AMD64,
    noCache: false,
    noCacheFilter: [],
    network: 'default',
    extraHosts: [],
    ulimits: [],
    hostname: 'buildkitsandbox',
    ignorePatterns: [],
    ...rest,
    buildArgs: new Map(Object.entries(given.buildArgs ?? {})),
    labels: new Map(Object.entries(given.labels ?? {})),
    contexts: new Map(contexts),
    allow: new Set(given.allow),
  };
  assertParsed(dockerfile, { ...options, ...(report === undefined ? {} : { report }) });
  return [dockerfile, options, { resolver, signal, dateOf, ...(report === undefined ? {} : { report }) }];
}

/** The error that lowering ends with. */
export async function lowerError(text: string, given: GivenOptions = {}): Promise<BuildError> {
  try {
    await lowerText(text, given);
  } catch (error) {
    if (error instanceof BuildError) return error;
    throw error;
  }
  throw new Error('lowering did not fail');
}

export function config({ definition }: Lowered): ContainerConfig {
  return definition.targets[0]!.config.config;
}

/** `e` or `L` and the text; `b` for what the base brought, `u` for a layer without an entry. */
export function history({ definition }: Lowered): readonly string[] {
  return definition.targets[0]!.history.map((entry) => {
    if (entry.kind === 'base') return `b ${entry.entry.created_by}`;
    if (entry.kind === 'untold') return `u ${entry.description}`;
    return `${entry.kind === 'empty' ? 'e' : 'L'} ${entry.createdBy}`;
  });
}

/** What an entry at the end would say of the layers. */
export function descriptions({ definition }: Lowered): readonly string[] {
  return definition.targets[0]!.history.flatMap((entry) => ('description' in entry ? [entry.description] : []));
}

/** The history without the base's part. */
export function own(lowered: Lowered): readonly string[] {
  return history(lowered).filter((entry) => !entry.startsWith('b '));
}

export function stepNames({ definition }: Lowered): readonly string[] {
  return definition.vertices.filter(({ origin }) => origin.isStep).map(({ origin }) => origin.name);
}

export function ops<K extends Op['kind']>({ definition }: Lowered, kind: K): readonly Extract<Op, { kind: K }>[] {
  return definition.vertices.map(({ op }) => op).filter((op): op is Extract<Op, { kind: K }> => op.kind === kind);
}

export function vertexOf({ definition }: Lowered, name: string): Vertex {
  const found = definition.vertices.find(({ origin }) => origin.name.endsWith(name));
  if (found === undefined)
    throw new Error(`no vertex ${name} in ${definition.vertices.map(({ origin }) => origin.name).join('; ')}`);
  return found;
}
