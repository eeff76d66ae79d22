import type { ImageConfig } from './config.ts';
import type { Index, Manifest } from './manifest.ts';

/**
 * The canonical bytes of an image configuration: compact, top-level keys sorted, inner keys in the image-spec's order, maps
 * in code unit order, empty and absent fields left out. Equal configs give equal bytes, hence equal image ids.
 */
export function renderConfig(config: ImageConfig): Buffer {
  return Buffer.from(JSON.stringify(ordered(config, CONFIG)));
}

/** Indented by two, as BuildKit writes it. */
export function renderManifest(manifest: Manifest): Buffer {
  return Buffer.from(JSON.stringify(ordered(manifest, MANIFEST), undefined, 2));
}

/** Compact or, for an index that is pushed or stored as an image of its own, indented by two. */
export function renderIndex(index: Index, { indent = 0 }: { indent?: number } = {}): Buffer {
  return Buffer.from(JSON.stringify(ordered(index, INDEX), undefined, indent));
}

/** How to write a value: as it is, a map with sorted keys, an object with its keys in order, or a list of either. */
type Shape =
  | 'value'
  | 'map'
  | { readonly list: Shape }
  | { readonly keys: readonly (readonly [string, Shape])[]; readonly keep?: ReadonlySet<string> };

const value = (...names: string[]): (readonly [string, Shape])[] => names.map((name) => [name, 'value'] as const);

const HEALTHCHECK: Shape = { keys: value('Test', 'Interval', 'Timeout', 'StartPeriod', 'StartInterval', 'Retries') };
const CONTAINER: Shape = {
  keys: [
    ...value('User'),
    ['ExposedPorts', 'map'],
    ...value('Env', 'Entrypoint', 'Cmd'),
    ['Volumes', 'map'],
    ...value('WorkingDir'),
    ['Labels', 'map'],
    ...value('StopSignal', 'ArgsEscaped'),
    ['Healthcheck', HEALTHCHECK],
    ...value('OnBuild', 'Shell'),
  ],
};
const HISTORY: Shape = { list: { keys: value('created', 'created_by', 'author', 'comment', 'empty_layer') } };
const CONFIG: Shape = {
  keys: [
    ...value('architecture', 'author'),
    ['config', CONTAINER],
    ...value('created'),
    ['history', HISTORY],
    ...value('os', 'os.version'),
    ['rootfs', { keys: value('type', 'diff_ids'), keep: new Set(['diff_ids']) }],
    ...value('variant'),
  ],
  keep: new Set(['config']),
};
const PLATFORM: Shape = { keys: value('architecture', 'os', 'os.version', 'variant') };
const DESCRIPTOR: Shape = {
  keys: [
    ...value('mediaType', 'digest', 'size', 'urls'),
    ['annotations', 'map'],
    ['platform', PLATFORM],
    ...value('artifactType'),
  ],
};
const MANIFEST: Shape = {
  keys: [
    ...value('schemaVersion', 'mediaType'),
    ['config', DESCRIPTOR],
    ['layers', { list: DESCRIPTOR }],
    ['annotations', 'map'],
  ],
  keep: new Set(['layers']),
};
const INDEX: Shape = {
  keys: [...value('schemaVersion', 'mediaType'), ['manifests', { list: DESCRIPTOR }], ['annotations', 'map']],
  keep: new Set(['manifests']),
};

function ordered(input: unknown, shape: Shape): unknown {
  if (shape === 'value' || input === null || typeof input !== 'object') return input;
  if (shape === 'map') return Object.fromEntries(Object.entries(input).sort(([a], [b]) => (a < b ? -1 : 1)));
  if ('list' in shape) return (input as readonly unknown[]).map((item) => ordered(item, shape.list));
  const found: [string, unknown][] = [];
  for (const [name, inner] of shape.keys) {
    const field = (input as { readonly [name: string]: unknown })[name];
    if (isWritten(field) || shape.keep?.has(name) === true) found.push([name, ordered(field ?? {}, inner)]);
  }
  return Object.fromEntries(found);
}

/** Go's omitempty, which readers of images are used to. */
function isWritten(field: unknown): boolean {
  if (field === undefined || field === null || field === '' || field === false) return false;
  if (Array.isArray(field)) return field.length > 0;
  return typeof field !== 'object' || Object.keys(field).length > 0;
}
