import type { LayerRef } from '../../cache/index.ts';
import type { Redating } from '../image/layer/index.ts';
import { eachAtMost } from '../util/each-at-most.ts';
import type { ExportDeps } from './deps.ts';
import type { ExportImage } from './image-files.ts';
import { type FileTimes, keepsTimes } from './output-spec.ts';

/**
 * The image with the file times that an output asks for: its own layers in other forms, and their diff_ids. The base's layers
 * stay, and everything stays without an epoch.
 */
export async function redateImage(
  image: ExportImage,
  fileTimes: FileTimes | undefined,
  deps: Pick<ExportDeps, 'redateLayer' | 'signal' | 'warn'>,
): Promise<ExportImage> {
  const { epoch, layers, config, baseLayers = 0 } = image;
  if (keepsTimes(fileTimes)) return image;
  if (epoch === undefined) {
    deps.warn('rewrite-timestamp=true changes nothing without SOURCE_DATE_EPOCH; set it, or give --reproducible');
    return image;
  }
  const redating = redatingOf(fileTimes, epoch);
  if (redating === undefined) return image;
  const base = new Set(layers.slice(0, baseLayers).map(({ diffID }) => diffID));
  const own = [...new Map(layers.map((ref) => [ref.diffID, ref])).values()].filter(({ diffID }) => !base.has(diffID));
  const made = new Map<string, LayerRef>();
  await eachAtMost(AT_ONCE, own, {
    signal: deps.signal,
    work: async (ref, signal) => void made.set(ref.diffID, await deps.redateLayer(ref, redating, { signal })),
  });
  const redatedLayers = layers.map((ref) => made.get(ref.diffID) ?? ref);
  const rootfs = { type: 'layers', diff_ids: redatedLayers.map(({ diffID }) => diffID) } as const;
  // clamped is BuildKit's rewrite-timestamp, which marks what it looked at
  const mark = fileTimes === 'clamped' ? { [REWRITTEN]: String(epoch) } : undefined;
  const layerAnnotations = layers.map(({ diffID }) => (made.has(diffID) ? mark : undefined));
  return { ...image, layers: redatedLayers, layerAnnotations, config: { ...config, rootfs } };
}

const AT_ONCE = 2;
const REWRITTEN = 'buildkit/rewritten-timestamp';

/** What file times become; undefined when they stay. */
export function redatingOf(fileTimes: FileTimes | undefined, epoch: number | undefined): Redating | undefined {
  if (epoch === undefined || keepsTimes(fileTimes)) return undefined;
  return { epoch, which: fileTimes === 'epoch' ? 'all' : 'later' };
}
