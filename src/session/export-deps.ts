import type { Root } from '../../cache/index.ts';
import type { BuildOptions } from '../build-options.ts';
import type { ExportDeps } from '../exporter/index.ts';
import type { OpDeps } from '../ops/index.ts';
import type { LayerSupply } from './layer-supply.ts';

/** What the exporter needs of the session; the signal and the progress are the caller's. */
export type SessionExportDeps = Omit<ExportDeps, 'signal' | 'onProgress'>;

export interface ExportDepsParts {
  readonly root: Root;
  readonly layers: LayerSupply;
  readonly deps: Pick<OpDeps, 'openStack'>;
  readonly options: Pick<BuildOptions, 'stdout'>;
  readonly warn: (message: string) => void;
}

export function makeExportDeps({ root, layers, deps, options, warn }: ExportDepsParts): SessionExportDeps {
  return {
    content: root.content,
    layers: root.layers,
    tempPath: (name) => root.tempPath(name),
    ensureLayer: (ref, options) => layers.ensureLayer(ref, options),
    ensureBlob: (ref, options) => layers.ensureBlob(ref, options),
    openStack: deps.openStack,
    stdout: options.stdout,
    lease: root.lease,
    memo: root.memo,
    warn,
  };
}
