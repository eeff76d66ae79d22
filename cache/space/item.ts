/** What bytes of a root are. */
export const SPACE_KINDS = [
  'layers',
  'tars',
  'metadata-images',
  'blobs',
  'records',
  'cache-mounts',
  'contexts',
  'stat-index',
  'failures',
  'reports',
  'other',
] as const;

export type SpaceKind = (typeof SPACE_KINDS)[number];

/** Something that is kept, and can be removed, as a whole. */
export interface SpaceItem {
  readonly type: 'layer' | 'blob' | 'record' | 'cache-mount' | 'context' | 'failure' | 'report' | 'fixed';
  /** A layer's diffID, a blob's digest, a record's key; the name of anything else. */
  readonly id: string;
  /** Below the root. */
  readonly path: string;
  /** On disk; the sum of its parts. */
  readonly bytes: number;
  readonly parts: { readonly [kind in SpaceKind]?: number };
  /** Milliseconds since the epoch. */
  readonly lastUsedAt: number;
}
