/** Looks for byte strings in a stream that comes in chunks. */
export interface ByteSearch {
  push(chunk: Uint8Array): void;
  /** Indexes of the needles that were seen since it was opened, in order. */
  found(): readonly number[];
}

/** Needles over the border of two chunks are seen. The chunk may be written over afterwards. */
export function openByteSearch(needles: readonly Buffer[]): ByteSearch {
  const longest = Math.max(0, ...needles.map(({ length }) => length));
  const seen = new Set<number>();
  let tail = Buffer.alloc(0);
  const look = (bytes: Buffer): void => {
    for (const [index, needle] of needles.entries()) if (!seen.has(index) && bytes.includes(needle)) seen.add(index);
  };
  return {
    push(chunk) {
      if (seen.size === needles.length) return;
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      if (tail.length > 0) look(Buffer.concat([tail, bytes.subarray(0, longest - 1)]));
      look(bytes);
      tail = endOf(tail, bytes, longest - 1);
    },
    found: () => [...seen].toSorted((a, b) => a - b),
  };
}

/** A copy of the last bytes of both. */
function endOf(tail: Buffer, bytes: Buffer, length: number): Buffer<ArrayBuffer> {
  if (bytes.length >= length) return Buffer.from(bytes.subarray(bytes.length - length));
  return Buffer.concat([tail, bytes]).subarray(-length);
}
