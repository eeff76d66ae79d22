import type { LayerRef, Root } from '../../cache/index.ts';
import type { DateSource, ImageResolver, LowerOptions } from '../frontend/index.ts';
import type { Definition, Vertex } from '../graph/index.ts';
import type { Names } from '../image/names/index.ts';
import type { OpDeps } from '../ops/index.ts';
import type { OpRunners } from '../solver/index.ts';
import type { ContextTree } from '../sources/context/index.ts';
import type { SessionExportDeps } from './export-deps.ts';
import type { DockerfileSource } from './source.ts';

/** Everything one build holds open, and gives back in the reverse order. */
export interface Session extends AsyncDisposable {
  readonly root: Root;
  readonly dockerfile: DockerfileSource;
  readonly ignoreRules: LowerOptions['ignorePatterns'];
  readonly resolver: ImageResolver;
  readonly runners: OpRunners;
  readonly assertCanRun: OpDeps['assertCanRun'];
  readonly names: Names;
  readonly exportDeps: SessionExportDeps;
  /** The main context; opened when it is asked for. */
  mainContext(): Promise<ContextTree>;
  /** When the commit of the main context was made, in seconds; undefined when it is of no git repository. */
  commitDate(): Promise<number | undefined>;
  /** When what SOURCE_DATE_EPOCH names was made, in seconds; undefined for what has no date. */
  dateOf(source: DateSource): Promise<number | undefined>;
  /** Names the Dockerfile and context, to explain misses; in no key. */
  readonly place: string;
  readonly clock: { readonly nowMs: () => number; readonly elapsedMs: () => number };
  /** A step has made it; one of the target is compressed while later steps run. */
  layerIsMade(vertex: Vertex, layer: LayerRef): void;
  /** All steps are solved: what only they need may end. */
  stepsAreSolved(): void;
  /** Values of predefined proxy args, known once the Dockerfile is lowered. */
  useProxies(env: readonly string[]): void;
  /** What is built, known then too: its layers are compressed while they are written. */
  aimAt(definition: Definition): void;
}
