export interface HashKey {
  readonly low: number;
  readonly high: number;
}

/**
 * HalfSipHash-1-3 of a number and a latin1 string: 32 bits that nobody can aim at without the key. The rounds are written out, since
 * state in an object costs more than the hash.
 */
export function halfSipHash(text: string, seed: number, { low, high }: HashKey): number {
  let v0 = low;
  let v1 = high;
  let v2 = 0x6c796765 ^ low;
  let v3 = 0x74656462 ^ high;
  const length = text.length;
  const words = (length >> 2) + 2;
  // the seed, whole words, the rest with the length, and three rounds to finish
  for (let word = 0; word < words + 3; word += 1) {
    const isFinal = word >= words;
    if (word === words) v2 ^= 0xff;
    const m = isFinal ? 0 : word === 0 ? seed : wordAt(text, word - 1);
    v3 ^= m;
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    v0 ^= m;
  }
  return (v1 ^ v3) >>> 0;
}

function wordAt(text: string, index: number): number {
  const at = 4 * index;
  const left = text.length - at;
  if (left >= 4)
    return (
      text.charCodeAt(at) |
      (text.charCodeAt(at + 1) << 8) |
      (text.charCodeAt(at + 2) << 16) |
      (text.charCodeAt(at + 3) << 24)
    );
  let word = (text.length & 0xff) << 24;
  for (let place = 0; place < left; place += 1) word |= text.charCodeAt(at + place) << (8 * place);
  return word;
}
