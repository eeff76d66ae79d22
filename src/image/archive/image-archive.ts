import { pack } from 'tar-stream';

export interface ArchiveFile {
  /** ASCII. */
  readonly name: string;
  readonly size: number;
  readonly mode?: number;
  readonly mtimeSec: number;
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
}

/** A plain archive of plain files, such as an exported image. Layers are written by tar-writer.ts, which keeps every byte. */
export async function* packArchive(
  files: AsyncIterable<ArchiveFile> | Iterable<ArchiveFile>,
): AsyncIterable<Uint8Array> {
  const archive = pack();
  const filling = fill(archive, files).catch((error: unknown) =>
    archive.destroy(error instanceof Error ? error : new Error(String(error))),
  );
  for await (const chunk of archive as AsyncIterable<Uint8Array>) yield chunk;
  await filling;
}

async function fill(
  archive: ReturnType<typeof pack>,
  files: AsyncIterable<ArchiveFile> | Iterable<ArchiveFile>,
): Promise<void> {
  for await (const { name, size, mode = 0o644, mtimeSec, body } of files) {
    const header = { name, size, mode, mtime: new Date(mtimeSec * 1000), uid: 0, gid: 0 };
    const entry = archive.entry(header);
    const ended = new Promise<void>((resolve, reject) => {
      entry.on('finish', () => resolve());
      entry.on('error', reject);
      entry.on('close', () => resolve());
    });
    // Also when nobody waits for it any more: the archive's own error is the one that counts.
    ended.catch(() => undefined);
    if (body instanceof Uint8Array) entry.write(Buffer.from(body));
    else
      for await (const chunk of body)
        if (!entry.write(chunk)) await new Promise<void>((resolve) => void entry.once('drain', () => resolve()));
    entry.end(null);
    await ended;
  }
  archive.finalize();
}
