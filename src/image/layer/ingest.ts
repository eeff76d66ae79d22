import { createHash } from 'node:crypto';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { type ContentID, contentIDOf, type DiffID, diffIDOf, digestOfHash } from '../../../cache/index.ts';
import {
  ArchiveError,
  type Compression,
  DEFAULT_LIMITS,
  decompress,
  type Filter,
  makeTarReader,
} from '../archive/index.ts';
import { TocTooLarge, writeToc } from '../toc/index.ts';
import { makeTocBuilder, type TocBuilder } from './toc-builder.ts';

export interface IngestOptions {
  readonly compression: Extract<Compression, 'gzip' | 'zstd' | 'none'>;
  readonly tarPath: string;
  readonly tocPath: string;
  /** For zstd where this Node has none. */
  readonly filter?: Filter | undefined;
  /** Of the uncompressed tar; a bomb ends here. */
  readonly maxBytes?: number | undefined;
  readonly signal: AbortSignal;
}

export interface IngestedLayer {
  readonly diffID: DiffID;
  readonly contentID: ContentID;
  readonly size: number;
  readonly warnings: readonly string[];
}

/**
 * A layer blob, as it streams in, into an uncompressed tar and its table of contents. Nothing is unpacked. On any error, and on
 * abort, neither file is left.
 * @throws ArchiveError for what is no layer, or a hostile one
 */
export async function ingestLayer(blob: AsyncIterable<Uint8Array>, options: IngestOptions): Promise<IngestedLayer> {
  const fd = openSync(options.tarPath, 'wx', 0o600);
  try {
    const ingested = await ingestInto(fd, blob, options);
    closeSync(fd);
    return ingested;
  } catch (error) {
    closeSync(fd);
    rmSync(options.tarPath, { force: true });
    rmSync(options.tocPath, { force: true });
    throw error;
  }
}

async function ingestInto(fd: number, blob: AsyncIterable<Uint8Array>, options: IngestOptions): Promise<IngestedLayer> {
  const { compression, tocPath, filter, signal, maxBytes = Number.MAX_SAFE_INTEGER } = options;
  const plain = { hash: createHash('sha256'), size: 0 };
  using builder = makeTocBuilder(`${tocPath}.entries`);
  const reader = makeTarReader(builder.handler, { ...DEFAULT_LIMITS, maxBytes });
  for await (const chunk of decompress(blob, compression, { signal, filter })) {
    signal.throwIfAborted();
    plain.size += chunk.length;
    if (plain.size > maxBytes) throw new ArchiveError('too-large', `a layer of more than ${maxBytes} bytes`);
    plain.hash.update(chunk);
    reader.write(chunk);
    for (let at = 0; at < chunk.length; ) at += writeSync(fd, chunk, at);
  }
  reader.end();
  const diffID = diffIDOf(digestOfHash(plain.hash));
  writeTable(tocPath, builder);
  return { diffID, contentID: contentIDOf(diffID), size: plain.size, warnings: builder.warnings };
}

function writeTable(tocPath: string, builder: TocBuilder): void {
  try {
    writeToc(tocPath, builder.entries());
  } catch (error) {
    if (error instanceof TocTooLarge) throw new ArchiveError('too-large', error.message, { cause: error });
    throw error;
  }
}
