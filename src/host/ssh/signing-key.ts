import { createPublicKey, type JsonWebKey, type KeyObject, sign, verify } from 'node:crypto';
import { KeyFileError } from './key-file-error.ts';
import { wireNumber, wireString } from './wire.ts';

export interface SigningKey {
  /** As ssh writes it: what is in base64 in a .pub file. */
  readonly publicKey: Buffer;
  /** A signature as ssh writes it; undefined when this machine's OpenSSL makes none of the kind that the flags ask for. */
  readonly sign: (data: Uint8Array, flags: number) => Promise<Buffer | undefined>;
}

interface Scheme {
  readonly algorithm: string;
  /** Of node:crypto; Ed25519 has its own inside. */
  readonly hash: string | null;
}

interface Kind {
  readonly publicKey: Buffer;
  readonly scheme: (flags: number) => Scheme;
  /** node:crypto's signature, r and s in halves for ECDSA, as ssh's. */
  readonly wrap: (signature: Buffer) => Buffer;
}

// Flags of a request, for RSA keys.
const RSA_SHA256 = 2;
const RSA_SHA512 = 4;

/** By OpenSSL's names. */
const CURVES: { readonly [name: string]: { readonly name: string; readonly hash: string } } = {
  prime256v1: { name: 'nistp256', hash: 'sha256' },
  secp384r1: { name: 'nistp384', hash: 'sha384' },
  secp521r1: { name: 'nistp521', hash: 'sha512' },
};

/** A key that works: its parts fit together. @throws KeyFileError unsupported, broken */
export function signingKey(key: KeyObject): SigningKey {
  const kind = kindOf(key);
  assertWhole(key, kind.scheme(RSA_SHA256));
  return {
    publicKey: kind.publicKey,
    async sign(data, flags) {
      const { algorithm, hash } = kind.scheme(flags);
      const signature = await signatureOf(data, { key, hash });
      return signature && Buffer.concat([wireString(algorithm), wireString(kind.wrap(signature))]);
    },
  };
}

function kindOf(key: KeyObject): Kind {
  switch (key.asymmetricKeyType) {
    case 'ed25519':
      return edwards(key);
    case 'rsa':
      return rsa(key);
    case 'ec':
      return ecdsa(key);
    default:
      throw new KeyFileError('unsupported');
  }
}

function edwards(key: KeyObject): Kind {
  const algorithm = 'ssh-ed25519';
  const { x = '' } = publicPart(key);
  return {
    publicKey: Buffer.concat([wireString(algorithm), wireString(Buffer.from(x, 'base64url'))]),
    scheme: () => ({ algorithm, hash: null }),
    wrap: (signature) => signature,
  };
}

function rsa(key: KeyObject): Kind {
  const { n = '', e = '' } = publicPart(key);
  const numbers = [e, n].map((text) => wireNumber(Buffer.from(text, 'base64url')));
  return {
    publicKey: Buffer.concat([wireString('ssh-rsa'), ...numbers]),
    scheme: rsaScheme,
    wrap: (signature) => signature,
  };
}

/** Without a flag the oldest one, which servers of today refuse. */
function rsaScheme(flags: number): Scheme {
  if ((flags & RSA_SHA256) !== 0) return { algorithm: 'rsa-sha2-256', hash: 'sha256' };
  if ((flags & RSA_SHA512) !== 0) return { algorithm: 'rsa-sha2-512', hash: 'sha512' };
  return { algorithm: 'ssh-rsa', hash: 'sha1' };
}

function ecdsa(key: KeyObject): Kind {
  const curve = CURVES[key.asymmetricKeyDetails?.namedCurve ?? ''];
  if (curve === undefined) throw new KeyFileError('unsupported');
  const { x = '', y = '' } = publicPart(key);
  const algorithm = `ecdsa-sha2-${curve.name}`;
  const point = Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
  return {
    publicKey: Buffer.concat([wireString(algorithm), wireString(curve.name), wireString(point)]),
    scheme: () => ({ algorithm, hash: curve.hash }),
    wrap(signature) {
      const half = signature.length / 2;
      return Buffer.concat([wireNumber(signature.subarray(0, half)), wireNumber(signature.subarray(half))]);
    },
  };
}

function publicPart(key: KeyObject): JsonWebKey {
  return createPublicKey(key).export({ format: 'jwk' });
}

/** Whoever signs with a key whose numbers do not fit may give it away. */
function assertWhole(key: KeyObject, { hash }: Scheme): void {
  const data = Buffer.from('any');
  if (!verify(hash, data, createPublicKey(key), trySign(data, { key, hash }))) throw new KeyFileError('broken');
}

function trySign(data: Buffer, { key, hash }: Signer): Buffer {
  try {
    return sign(hash, data, key);
  } catch {
    throw new KeyFileError('broken');
  }
}

interface Signer {
  readonly key: KeyObject;
  readonly hash: string | null;
}

/** Off the main thread: a RUN may ask for very many. */
function signatureOf(data: Uint8Array, { key, hash }: Signer): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    sign(hash, data, { key, dsaEncoding: 'ieee-p1363' }, (error, signature) => {
      resolve(error === null ? signature : undefined);
    });
  });
}
