import { type ContentID, digestOf, type LayerRef } from '../../cache/index.ts';

/** What a step stands on, as keys see it: contents without times, bottom to top. */
export function contentIDs(layers: readonly LayerRef[]): readonly ContentID[] {
  return layers.map((layer) => layer.contentID);
}

/** One digest for a stack, for memos. */
export function stackDigest(layers: readonly LayerRef[]): string {
  return digestOf(contentIDs(layers).join(' '));
}

/** A layer that was made here and has not been compressed yet. */
export function ownLayer(made: Pick<LayerRef, 'diffID' | 'contentID'>): LayerRef {
  return { diffID: made.diffID, contentID: made.contentID, verified: true, origins: [] };
}
