import type { Digest } from '../../cache/index.ts';
import type { SourceRange } from '../errors.ts';
import type { HistoryEntry, ImageConfig, Platform } from '../image/oci/index.ts';
import type { Op } from './op.ts';

/** One op on its inputs. Vertices of equal digest are the same work, wherever they stand in the Dockerfile. */
export interface Vertex<O extends Op = Op> {
  /** Of the op and its inputs' digests; not of `origin`. Not a cache key. */
  readonly digest: Digest;
  readonly op: O;
  readonly inputs: readonly Vertex[];
  readonly origin: Origin;
}

/** Where a vertex comes from, for people. */
export interface Origin {
  /** `[build 4/6] RUN npm ci`; internal vertices (a context) have a name too but are no steps. */
  readonly name: string;
  /** True for FROM, COPY, ADD, RUN and WORKDIR: what reports and summaries count. */
  readonly isStep: boolean;
  readonly stage: string;
  /** Position among the stage's steps, FROM being 1; 0 for internal vertices. */
  readonly index: number;
  /** FROM, COPY, ADD, RUN, WORKDIR, or '' for internal ones. */
  readonly kind: string;
  readonly range?: SourceRange | undefined;
  /** Values of the build args that this vertex's op could see, to explain a miss. */
  readonly buildArgs: { readonly [name: string]: string };
  /** --no-cache or --no-cache-filter hit this step. */
  readonly ignoreCache: boolean;
}

/** What is to be built: one target a platform. */
export interface Definition {
  readonly targets: readonly Target[];
  /** Every vertex that some target needs, in the order of the Dockerfile; steps of all stages. */
  readonly vertices: readonly Vertex[];
}

export interface Target {
  readonly platform: Platform;
  readonly vertex: Vertex;
  /** Complete but for rootfs.diff_ids, history and created, which only the solve can tell. */
  readonly config: ImageConfig;
  readonly history: readonly PlannedHistory[];
  /** SOURCE_DATE_EPOCH in seconds: the time of all that this build adds to the history. */
  readonly epoch?: number | undefined;
}

/**
 * Taken over from a base image as it is, or of this build: dated by the layer that `vertex` gives, or a near one. An
 * untold layer has no entry; `description` is what an entry at the end says of a layer when there are more layers than entries.
 */
export type PlannedHistory =
  | { readonly kind: 'base'; readonly entry: HistoryEntry }
  | { readonly kind: 'layer'; readonly createdBy: string; readonly description: string; readonly vertex: Vertex }
  | { readonly kind: 'untold'; readonly description: string; readonly vertex: Vertex }
  | { readonly kind: 'empty'; readonly createdBy: string };
