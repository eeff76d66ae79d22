import type { Pack } from './tar-stream.ts';

export interface ArchiveFile {
  /** ASCII. */
  readonly name: string;
  readonly size: number;
  readonly mode?: number;
  readonly mtimeSec: number;
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
}

/**
 * A plain archive of plain files, such as an exported image. Layers are written by tar-writer.ts, which keeps every byte. Who stops
 * reading ends it: bodies are given back, and no further one is begun.
 */
export async function* packArchive(
  files: AsyncIterable<ArchiveFile> | Iterable<ArchiveFile>,
): AsyncIterable<Uint8Array> {
  const { pack } = await import('./tar-stream.ts');
  const archive = pack();
  const filling = fill(archive, files).catch((error: unknown) =>
    archive.destroy(error instanceof Error ? error : new Error(String(error))),
  );
  try {
    for await (const chunk of archive as AsyncIterable<Uint8Array>) yield chunk;
  } finally {
    archive.destroy();
    await filling;
  }
}

type Entry = ReturnType<Pack['entry']>;

async function fill(archive: Pack, files: AsyncIterable<ArchiveFile> | Iterable<ArchiveFile>): Promise<void> {
  for await (const { name, size, mode = 0o644, mtimeSec, body } of files) {
    const entry = archive.entry({ name, size, mode, mtime: new Date(mtimeSec * 1000), uid: 0, gid: 0 });
    const closed = new Promise<void>((resolve, reject) => {
      entry.once('error', reject);
      entry.once('close', resolve);
    });
    // Also when nobody waits for it any more: the archive's own error is the one that counts.
    closed.catch(() => undefined);
    for await (const chunk of body instanceof Uint8Array ? [body] : body) await write(entry, chunk);
    entry.end(null);
    await closed;
  }
  archive.finalize();
}

/** @throws Error when the archive has ended meanwhile */
async function write(entry: Entry, chunk: Uint8Array): Promise<void> {
  if (!entry.write(chunk) && !entry.destroyed) await roomIn(entry);
  if (entry.destroyed) throw new Error('the archive is no longer read');
}

function roomIn(entry: Entry): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      entry.off('drain', wake);
      entry.off('close', wake);
      resolve();
    };
    entry.on('drain', wake);
    entry.on('close', wake);
  });
}
