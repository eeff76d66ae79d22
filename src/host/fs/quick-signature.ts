import xxhash from 'xxhash-wasm';

/**
 * xxHash64, at about three times the speed of sha256 here. 64 bits can be collided on purpose: a quick signature never names content and is
 * in no key; where it differs, somebody looks closer.
 */
export async function openQuickSignature(): Promise<(bytes: Uint8Array) => bigint> {
  const { h64Raw } = await xxhash();
  return (bytes) => h64Raw(bytes);
}
