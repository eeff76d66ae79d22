/** A file of this machine, all of it: whoever writes the archive copies it there as he can. */
export interface StoredFile {
  readonly path: string;
  readonly size: number;
}

export interface ArchiveFile {
  /** ASCII. */
  readonly name: string;
  readonly size: number;
  readonly mode?: number;
  readonly body: Uint8Array | AsyncIterable<Uint8Array> | StoredFile;
}

/**
 * A plain archive of plain files, such as an exported image, in pieces; none has a date. Layers are written by tar-writer.ts, which
 * keeps every byte. Who stops reading ends it: bodies are given back, and no further one is begun.
 * @throws Error when a body has another size than its file says
 */
export async function* packArchive(
  files: AsyncIterable<ArchiveFile> | Iterable<ArchiveFile>,
): AsyncGenerator<Uint8Array | StoredFile> {
  for await (const file of files) {
    yield await headerOf(file);
    let size = 0;
    for await (const piece of piecesOf(file.body)) {
      size += piece instanceof Uint8Array ? piece.length : piece.size;
      yield piece;
    }
    if (size !== file.size) throw new Error(`Size mismatch: ${file.name} has ${size} bytes, not ${file.size}`);
    const padding = (BLOCK - (size % BLOCK)) % BLOCK;
    if (padding > 0) yield Buffer.alloc(padding);
  }
  yield Buffer.alloc(2 * BLOCK);
}

const BLOCK = 512;

function piecesOf(body: ArchiveFile['body']): AsyncIterable<Uint8Array> | readonly (Uint8Array | StoredFile)[] {
  return Symbol.asyncIterator in body ? body : [body];
}

/** The first thing that an archive of the file alone has in it. */
async function headerOf({ name, size, mode = 0o644 }: Omit<ArchiveFile, 'body'>): Promise<Buffer> {
  const { pack } = await import('./tar-stream.ts');
  const archive = pack();
  const entry = archive.entry({ name, size, mode, mtime: new Date(0), uid: 0, gid: 0 });
  // it is left without its body
  entry.on('error', () => undefined);
  for await (const chunk of archive as AsyncIterable<Uint8Array>) return Buffer.from(chunk);
  throw new Error('an archive without a header');
}
