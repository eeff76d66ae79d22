import type { Root } from '../../cache/index.ts';
import type { BuildOptions } from '../build-options.ts';
import type { ExportDeps } from '../exporter/index.ts';
import type { OpDeps } from '../ops/index.ts';
import type { Timed } from '../progress/index.ts';
import type { Registry } from '../sources/registry/index.ts';
import { filter } from './filter.ts';
import type { LayerSupply } from './layer-supply.ts';
import { loadArchive } from './load.ts';
import type { ExportedLayers } from './publish-layer.ts';
import { makeRedateLayer } from './redate-layer.ts';

/** What the exporter needs of the session; the signal and the progress are the caller's. */
export type SessionExportDeps = Omit<ExportDeps, 'signal' | 'onProgress'>;

export interface ExportDepsParts {
  readonly root: Root;
  readonly layers: LayerSupply;
  readonly deps: Pick<OpDeps, 'openStack'>;
  readonly exported: ExportedLayers;
  readonly registry: Pick<Registry, 'push'>;
  readonly options: Pick<BuildOptions, 'stdout' | 'workerEnv'>;
  readonly warn: (message: string) => void;
  readonly timed: Timed;
}

export function makeExportDeps({
  root,
  layers,
  deps,
  exported,
  registry,
  options,
  warn,
  timed,
}: ExportDepsParts): SessionExportDeps {
  return {
    making: new Map(),
    content: root.content,
    layers: root.layers,
    tempPath: (name) => root.tempPath(name),
    ensureLayer: (ref, options) => layers.ensureLayer(ref, options),
    deflatedAhead: (diffID) => exported.take(diffID),
    redateLayer: makeRedateLayer(root, layers),
    ensureBlob: (ref, options) => layers.ensureBlob(ref, options),
    filter,
    openStack: deps.openStack,
    stdout: options.stdout,
    push: (image, pushOptions) => registry.push(image, pushOptions),
    load: (archive, { signal }) => loadArchive(archive, { env: options.workerEnv, signal }),
    lease: root.lease,
    memo: root.memo,
    warn,
    timed,
  };
}
