import xxhash from 'xxhash-wasm';

/**
 * xxHash64, at about three times the speed of sha256 here. 64 bits can be collided on purpose: a quick signature never names content and is
 * in no key; where it differs, somebody looks closer.
 */
export async function openQuickSignature(): Promise<(bytes: Uint8Array) => bigint> {
  const hasher = await xxhash();
  return (bytes) => hasher.h64Raw(bytes);
}
