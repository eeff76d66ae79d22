import { rmSync } from 'node:fs';
import type { Root } from '../../cache/index.ts';
import type { OpDeps } from '../ops/index.ts';

/** Writes a layer below tmp/ and moves it to its place; nothing is left of it if writing throws. */
export function makePublishLayer(root: Root): OpDeps['publishLayer'] {
  return (write) => {
    const tarPath = root.tempPath('layer.tar');
    const tocPath = root.tempPath('layer.toc');
    try {
      const written = write({ tarPath, tocPath });
      root.layers.publish(
        written.diffID,
        { tar: tarPath, toc: tocPath },
        { contentID: written.contentID, size: written.size, blobs: {} },
      );
      return written;
    } finally {
      rmSync(tarPath, { force: true });
      rmSync(tocPath, { force: true });
    }
  };
}
