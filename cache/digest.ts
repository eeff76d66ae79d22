import * as crypto from 'node:crypto';

declare const brand: unique symbol;
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** Address of bytes: the sha256 of them. */
export type Digest = Brand<`sha256:${string}`, 'Digest'>;
/** The digest of a layer's uncompressed tar. */
export type DiffID = Brand<`sha256:${string}`, 'DiffID'>;
/** A layer without its times. For a pulled layer it is the diffID. What cache keys are made of. */
export type ContentID = Brand<`sha256:${string}`, 'ContentID'>;
/** The digest of a KeyMaterial's canonical JSON. */
export type CacheKey = Brand<`sha256:${string}`, 'CacheKey'>;

const PREFIX = 'sha256:';
const DIGEST = /^sha256:[0-9a-f]{64}$/;

export function isDigest(text: string): text is Digest {
  return DIGEST.test(text);
}

/** @throws TypeError when the text is not `sha256:` and 64 lower-case hex digits. */
export function parseDigest(text: string): Digest {
  return checked(text) as Digest;
}

/** @throws TypeError, as parseDigest. */
export function parseDiffID(text: string): DiffID {
  return checked(text) as DiffID;
}

/** @throws TypeError, as parseDigest. */
export function parseContentID(text: string): ContentID {
  return checked(text) as ContentID;
}

/** @throws TypeError, as parseDigest. */
export function parseCacheKey(text: string): CacheKey {
  return checked(text) as CacheKey;
}

type OneShot = (algorithm: string, data: Uint8Array | string, encoding: 'hex') => string;

const withObject: OneShot = (algorithm, data, encoding) => crypto.createHash(algorithm).update(data).digest(encoding);

export function digestOf(bytes: Uint8Array | string): Digest {
  // Node's own from 20.12 and 21.7 on: half the cost of a Hash object, which tells with many small files.
  const oneShot = (crypto as { hash?: OneShot }).hash ?? withObject;
  return `sha256:${oneShot('sha256', bytes, 'hex')}` as Digest;
}

/** The digest of what a sha256 was updated with; it can be asked for once. */
export function digestOfHash(hash: crypto.Hash): Digest {
  return `sha256:${hash.digest('hex')}` as Digest;
}

/** The digest of bytes that come in pieces; most files come in one. */
export class PiecewiseSha256 {
  readonly #size: number;
  #hash: crypto.Hash | undefined;
  #digest: Digest | undefined;

  /** @param size of all pieces */
  constructor(size: number) {
    this.#size = size;
  }

  update(piece: Uint8Array): void {
    if (this.#hash === undefined && piece.length === this.#size) {
      this.#digest = digestOf(piece);
      return;
    }
    this.#hash ??= crypto.createHash('sha256');
    this.#hash.update(piece);
  }

  digest(): Digest {
    return this.#digest ?? (this.#hash === undefined ? digestOf('') : digestOfHash(this.#hash));
  }
}

/** Of the 32 bytes of a sha256 that lie in `bytes` from `offset` on. */
export function digestAt(bytes: Buffer, offset: number): Digest {
  return `sha256:${bytes.toString('hex', offset, offset + 32)}` as Digest;
}

/** Its 32 bytes, by hand: a call into Node, and the string for it, take several times as long. */
export function writeDigest(digest: Digest, bytes: Uint8Array, offset: number): void {
  for (let index = 0; index < 32; index += 1) {
    const at = PREFIX.length + 2 * index;
    bytes[offset + index] = (nibble(digest.charCodeAt(at)) << 4) | nibble(digest.charCodeAt(at + 1));
  }
}

/** Of a lower-case hex digit. */
function nibble(code: number): number {
  return code < 0x60 ? code - 0x30 : code - 0x57;
}

/** The hex part of any digest; file names in a root are made of it. */
export function hexOf(digest: Digest | DiffID | ContentID | CacheKey): string {
  return digest.slice(PREFIX.length);
}

/** A tar whose digest is known is a layer of that diffID. */
export function diffIDOf(uncompressed: Digest): DiffID {
  return uncompressed as `sha256:${string}` as DiffID;
}

/** Where a layer's content cannot be told without its bytes (a pulled one), its diffID stands for it. */
export function contentIDOf(diffID: DiffID): ContentID {
  return diffID as `sha256:${string}` as ContentID;
}

function checked(text: string): string {
  if (!DIGEST.test(text)) throw new TypeError(`not a sha256 digest: ${JSON.stringify(text)}`);
  return text;
}
