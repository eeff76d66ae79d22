import { ContentMismatch, type Digest, digestOf } from '../../cache/index.ts';
import type { RegistryContent } from '../../src/sources/registry/index.ts';

/** A content store in memory, as strict as the real one about what is expected. */
export class MemoryContent implements RegistryContent {
  readonly blobs = new Map<Digest, Uint8Array>();

  has(digest: Digest, length?: number): boolean {
    const blob = this.blobs.get(digest);
    return blob !== undefined && (length === undefined || blob.length === length);
  }

  readBytes(digest: Digest): Uint8Array | undefined {
    return this.blobs.get(digest);
  }

  putBytes(bytes: Uint8Array): Digest {
    const digest = digestOf(bytes);
    this.blobs.set(digest, bytes);
    return digest;
  }

  async put(source: AsyncIterable<Uint8Array>, { expected }: { expected?: { digest: Digest } }): Promise<void> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of source) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    if (expected !== undefined && digestOf(bytes) !== expected.digest)
      throw new ContentMismatch('digest', expected.digest, digestOf(bytes));
    this.putBytes(bytes);
  }
}
