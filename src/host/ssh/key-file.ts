import { createPrivateKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { KeyFileError } from './key-file-error.ts';
import { opensshKey } from './openssh-key.ts';
import { type SigningKey, signingKey } from './signing-key.ts';
import { WireError } from './wire.ts';

const PEM = /-----BEGIN ((?:[A-Z0-9]+ )*PRIVATE KEY)-----([\s\S]*?)-----END \1-----/;
const PUBLIC = /^(?:ssh-|ecdsa-|sk-)[\w@.-]+ AAAA|-----BEGIN (?:[A-Z0-9]+ )*PUBLIC KEY-----/m;
const OPENSSH = 'OPENSSH PRIVATE KEY';

/**
 * The private key in a file's text: OpenSSH's own format, PKCS #8, and OpenSSL's older ones; Ed25519, RSA and ECDSA on NIST's curves.
 * @throws KeyFileError
 */
export function parseKeyFile(text: string): SigningKey {
  const [block, label, body = ''] = PEM.exec(text) ?? [];
  if (block === undefined) throw new KeyFileError(PUBLIC.test(text) ? 'public' : 'none');
  if (label?.startsWith('ENCRYPTED') === true || /^Proc-Type:.*ENCRYPTED/m.test(body))
    throw new KeyFileError('encrypted');
  return signingKey(label === OPENSSH ? keyOf(opensshJwk(body)) : keyOf(block));
}

function opensshJwk(body: string): JsonWebKey {
  try {
    return opensshKey(Buffer.from(body, 'base64'));
  } catch (error) {
    throw error instanceof WireError ? new KeyFileError('broken') : error;
  }
}

/** OpenSSL's own words would quote from the key. */
function keyOf(given: string | JsonWebKey): KeyObject {
  try {
    return typeof given === 'string' ? createPrivateKey(given) : createPrivateKey({ key: given, format: 'jwk' });
  } catch {
    throw new KeyFileError('broken');
  }
}
