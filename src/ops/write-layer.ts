import { type LayerFiles, type LayerWriter, openLayerWriter } from '../image/layer/index.ts';
import type { WrittenLayer } from './deps.ts';

/** A layer with the entries that `write` adds; when it throws, neither file is left, and none is open. */
export async function writeLayer<T>(
  files: LayerFiles,
  write: (writer: LayerWriter) => T | Promise<T>,
): Promise<WrittenLayer<T>> {
  const writer = openLayerWriter(files);
  try {
    const value = await write(writer);
    return { ...writer.finish(), value };
  } catch (error) {
    writer.abort();
    throw error;
  }
}
