import type { JsonWebKey } from 'node:crypto';
import { KeyFileError } from './key-file-error.ts';
import { WireError, WireReader, withoutZeros } from './wire.ts';

const MAGIC = 'openssh-key-v1\0';
const SEED_BYTES = 32;
const CURVES: { readonly [name: string]: { readonly crv: string; readonly bytes: number } } = {
  nistp256: { crv: 'P-256', bytes: 32 },
  nistp384: { crv: 'P-384', bytes: 48 },
  nistp521: { crv: 'P-521', bytes: 66 },
};

/** The one key of what ssh-keygen writes (OpenSSH's PROTOCOL.key). @throws KeyFileError encrypted, unsupported; WireError */
export function opensshKey(bytes: Buffer): JsonWebKey {
  const file = new WireReader(bytes);
  if (file.bytes(MAGIC.length).toString('latin1') !== MAGIC) throw new WireError('not a key');
  const cipher = file.text();
  const derivation = file.text();
  file.string();
  const count = file.uint32();
  file.string();
  if (cipher !== 'none' || derivation !== 'none') throw new KeyFileError('encrypted');
  if (count !== 1) throw new KeyFileError('unsupported');
  return privateKey(new WireReader(file.string()));
}

function privateKey(fields: WireReader): JsonWebKey {
  const check = fields.uint32();
  if (check !== fields.uint32()) throw new WireError('the check numbers differ');
  const type = fields.text();
  if (type === 'ssh-ed25519') return edwards(fields);
  if (type === 'ssh-rsa') return rsa(fields);
  if (type.startsWith('ecdsa-sha2-')) return ecdsa(fields);
  throw new KeyFileError('unsupported');
}

function edwards(fields: WireReader): JsonWebKey {
  const x = fields.string();
  const d = fields.string().subarray(0, SEED_BYTES);
  return { kty: 'OKP', crv: 'Ed25519', x: base64url(x), d: base64url(d) };
}

function rsa(fields: WireReader): JsonWebKey {
  // read in this order
  const key = { n: fields.string(), e: fields.string(), d: fields.string(), qi: fields.string() };
  const [p, q] = [fields.string(), fields.string()];
  return { kty: 'RSA', ...numbers({ ...key, p, q, dp: reduced(key.d, p), dq: reduced(key.d, q) }) };
}

/** d modulo p - 1. */
function reduced(d: Buffer, prime: Buffer): Buffer {
  const order = toNumber(prime) - 1n;
  if (order < 1n) throw new WireError('no prime');
  const digits = (toNumber(d) % order).toString(16);
  return Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex');
}

function toNumber(bytes: Buffer): bigint {
  return BigInt(`0x0${bytes.toString('hex')}`);
}

function numbers(fields: Readonly<Record<string, Buffer>>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).map(([name, bytes]) => [name, base64url(withoutZeros(bytes))]));
}

function ecdsa(fields: WireReader): JsonWebKey {
  const curve = CURVES[fields.text()];
  if (curve === undefined) throw new KeyFileError('unsupported');
  const { crv, bytes } = curve;
  const point = fields.string();
  if (point.length !== 1 + 2 * bytes || point[0] !== UNCOMPRESSED) throw new WireError('no point');
  const d = Buffer.from(withoutZeros(fields.string()));
  const [x, y] = [point.subarray(1, 1 + bytes), point.subarray(1 + bytes)];
  const padded = Buffer.concat([Buffer.alloc(Math.max(0, bytes - d.length)), d]);
  return { kty: 'EC', crv, x: base64url(x), y: base64url(y), d: base64url(padded) };
}

const UNCOMPRESSED = 4;

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}
