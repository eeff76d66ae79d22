import type { CacheKey, ContentID, DiffID, Digest } from './digest.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** The three fields of an OCI descriptor that the store needs to know of a blob. */
export interface BlobRef {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
}

/** Where a blob can be fetched from: `docker.io/library/node` or `oci-layout:///dir`. */
export interface BlobOrigin {
  readonly repository: string;
  readonly digest: Digest;
}

/** One layer of a stack, by name. Its bytes may or may not be here. */
export interface LayerRef {
  readonly diffID: DiffID;
  readonly contentID: ContentID;
  /** The compressed (or plain) form it was pulled or exported as, once one exists. */
  readonly blob?: BlobRef;
  /** True when somebody saw that the blob unpacks to the diffID; false while a manifest only claims it. */
  readonly verified: boolean;
  readonly origins: readonly BlobOrigin[];
}

/**
 * Everything a step's result depends on. Two steps with equal material have equal results.
 * `fields` holds values that are the op's own; `inputs` the contents it stands on; `content` the digest of files it reads.
 */
export interface KeyMaterial {
  readonly op: string;
  readonly version: number;
  readonly fields: { readonly [name: string]: Json };
  readonly inputs: readonly ContentID[];
  readonly content?: Digest;
}

/** Which step of which build a record was made for; only ever used to explain a miss. */
export interface Place {
  /** Names the Dockerfile and context, e.g. their absolute paths; never part of a key. */
  readonly build: string;
  readonly stage: string;
  /** Position among the stage's steps, FROM being 1. */
  readonly index: number;
  readonly kind: string;
  /** The instruction with its variables filled in. */
  readonly text?: string;
}

/**
 * What the record keeps beside the key so that a miss can be explained: digests of the files a COPY took, build-arg
 * values by name. Never secret values.
 */
export interface Explanation {
  /** path → content digest and mode, of the files the step read; absent when there are too many to keep. */
  readonly files?: { readonly [path: string]: string } | undefined;
  readonly buildArgs?: { readonly [name: string]: string };
  /** What the step's stage begins with; absent for scratch. */
  readonly base?: { readonly name: string; readonly manifest: string };
}

export interface CacheRecord {
  readonly key: CacheKey;
  readonly material: KeyMaterial;
  /** The layers that this step added on top of its inputs; usually one, none for a step without output. */
  readonly layers: readonly LayerRef[];
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly lastUsedAt: number;
  readonly costMs: number;
  /** Made by a build that was told to ignore the cache: it counts before every older result of its key. */
  readonly refreshed?: true;
  readonly place: Place;
  readonly explanation: Explanation;
}
