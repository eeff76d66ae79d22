import { execFileSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync, type KeyObject, verify } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { KeyFileError, parseKeyFile } from '../../../src/host/ssh/index.ts';
import { WireReader, wireString } from '../../../src/host/ssh/wire.ts';
import { keygen, testDir } from '../../rig/ssh-keys.ts';

const DATA = Buffer.from('what a server asks to be signed');
const SHA256 = 2;
const SHA512 = 4;

/** By the algorithm's name in a signature. */
const HASHES: Readonly<Record<string, string | null>> = {
  'ssh-ed25519': null,
  'ssh-rsa': 'sha1',
  'rsa-sha2-256': 'sha256',
  'rsa-sha2-512': 'sha512',
  'ecdsa-sha2-nistp256': 'sha256',
  'ecdsa-sha2-nistp384': 'sha384',
  'ecdsa-sha2-nistp521': 'sha512',
};

/** The algorithm of a signature that OpenSSL accepts. */
function verified(signature: Buffer | undefined, key: KeyObject): string {
  const reader = new WireReader(signature ?? Buffer.alloc(0));
  const algorithm = reader.text();
  const blob = reader.string();
  expect(reader.rest()).toHaveLength(0);
  expect(Object.keys(HASHES)).toContain(algorithm);
  const bytes = algorithm.startsWith('ecdsa') ? halves(blob, Number(/nistp(\d+)/.exec(algorithm)?.[1])) : blob;
  expect(verify(HASHES[algorithm] ?? null, DATA, { key, dsaEncoding: 'ieee-p1363' }, bytes)).toBe(true);
  return algorithm;
}

/** r and s as they are on the wire, in as many bytes as the curve's numbers have. */
function halves(blob: Buffer, bits: number): Buffer {
  const reader = new WireReader(blob);
  const digits = 2 * Math.ceil(bits / 8);
  const [r, s] = [reader.string(), reader.string()].map((number) => number.toString('hex').replace(/^00/, ''));
  return Buffer.from(`${(r ?? '').padStart(digits, '0')}${(s ?? '').padStart(digits, '0')}`, 'hex');
}

function opensslKey(path: string): KeyObject {
  return createPublicKey(execFileSync('ssh-keygen', ['-e', '-m', 'PKCS8', '-f', `${path}.pub`]));
}

function problemOf(text: string): string {
  try {
    parseKeyFile(text);
  } catch (error) {
    if (error instanceof KeyFileError) return error.problem;
    throw error;
  }
  return 'a key';
}

describe('what ssh-keygen writes', () => {
  test.each([
    ...['rsa -b 2048', 'ecdsa -b 256', 'ecdsa -b 384', 'ecdsa -b 521'].flatMap((kind) =>
      ['RFC4716', 'PEM', 'PKCS8'].map((format) => [kind, format] as const),
    ),
  ])('%s as %s: its public part, and signatures that OpenSSL accepts', async (kind, format) => {
    const made = keygen(testDir(), ['-t', ...kind.split(' '), '-m', format]);
    const key = parseKeyFile(made.text);
    expect(made.publicLine.split(' ')[1]).toBe(key.publicKey.toString('base64'));
    for (const flags of [0, SHA256, SHA512]) verified(await key.sign(DATA, flags), opensslKey(made.path));
  });

  test('ed25519', async () => {
    const made = keygen(testDir(), ['-t', 'ed25519']);
    const key = parseKeyFile(made.text);
    expect(made.publicLine.split(' ')[1]).toBe(key.publicKey.toString('base64'));
    const [, x] = [new WireReader(key.publicKey)].flatMap((reader) => [reader.string(), reader.string()]);
    const spki = createPublicKey({
      key: { kty: 'OKP', crv: 'Ed25519', x: x?.toString('base64url') ?? '' },
      format: 'jwk',
    });
    expect(verified(await key.sign(DATA, SHA512), spki)).toBe('ssh-ed25519');
  });

  test('flags choose the hash of RSA', async () => {
    const made = keygen(testDir(), ['-t', 'rsa', '-b', '2048']);
    const key = parseKeyFile(made.text);
    const algorithms = [0, SHA256, SHA512].map(async (flags) =>
      verified(await key.sign(DATA, flags), opensslKey(made.path)),
    );
    expect(await Promise.all(algorithms)).toEqual(['ssh-rsa', 'rsa-sha2-256', 'rsa-sha2-512']);
  });

  // numbers of any length, with and without the zero that keeps them positive
  test('many small numbers', async () => {
    for (let count = 0; count < 40; count++) {
      const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const key = parseKeyFile(privateKey.export({ type: 'pkcs8', format: 'pem' }) as string);
      verified(await key.sign(DATA, 0), publicKey);
    }
  });

  test('lines of Windows, and words around the block', () => {
    const { text, publicLine } = keygen(testDir(), ['-t', 'ed25519']);
    const key = parseKeyFile(`of mine:\r\n${text.replaceAll('\n', '\r\n')}\r\nend`);
    expect(publicLine).toContain(key.publicKey.toString('base64'));
  });
});

describe('what cannot be used', () => {
  test.each([
    ['', 'none'],
    ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', 'none'],
    ['-----BEGIN OPENSSH PRIVATE KEY-----\n', 'none'],
    ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI who@where\n', 'public'],
    ['sk-ssh-ed25519@openssh.com AAAAGnNr who@where\n', 'public'],
    ['-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n', 'public'],
    ['-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n', 'broken'],
    ['-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n', 'broken'],
    ['-----BEGIN RSA PRIVATE KEY-----\n\n-----END RSA PRIVATE KEY-----\n', 'broken'],
  ])('%j is %s', (text, problem) => {
    expect(problemOf(text)).toBe(problem);
  });

  test.each(['RFC4716', 'PEM', 'PKCS8'])('with a passphrase, as %s', (format) => {
    const made = keygen(testDir(), ['-t', 'ecdsa', '-m', format, '-N', 'a passphrase']);
    expect(problemOf(made.text)).toBe('encrypted');
  });

  test.each([
    generateKeyPairSync('ed448'),
    generateKeyPairSync('ec', { namedCurve: 'secp256k1' }),
    generateKeyPairSync('ec', { namedCurve: 'secp224r1' }),
    generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 }),
  ])('other kinds', ({ privateKey }) => {
    expect(problemOf(privateKey.export({ type: 'pkcs8', format: 'pem' }) as string)).toBe('unsupported');
  });

  test('a file that is cut off, or has one bit flipped, gives an error or a key that works', async () => {
    for (const kind of ['ed25519', 'ecdsa', 'rsa']) {
      const { text } = keygen(testDir(), ['-t', kind, ...(kind === 'rsa' ? ['-b', '1024'] : [])]);
      const bytes = Buffer.from(text.replaceAll(/-----.*-----|\n/g, ''), 'base64');
      const problems = new Set<string>();
      for (let at = 0; at < bytes.length; at++) {
        const flipped = Buffer.from(bytes);
        flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
        for (const wrong of [flipped, bytes.subarray(0, at)]) problems.add(problemOf(openssh(wrong)));
      }
      expect([...problems].sort()).toEqual(['a key', 'broken', 'encrypted', 'unsupported']);
    }
  });

  test('fields longer than their file, and numbers that are none', () => {
    const check = Buffer.alloc(8);
    const fields = (...values: readonly (string | Buffer)[]) => Buffer.concat(values.map((value) => wireString(value)));
    const key = (inner: Buffer) =>
      openssh(
        Buffer.concat([
          Buffer.from('openssh-key-v1\0'),
          fields('none', 'none', ''),
          Buffer.of(0, 0, 0, 1),
          fields('', Buffer.concat([check, inner])),
        ]),
      );
    for (const inner of [
      fields('ssh-rsa', '', '', '', '', '', ''),
      fields('ssh-rsa', 'n', 'e', 'd', 'i', '\u0001', '\u0001'),
      fields('ssh-ed25519', '', ''),
      fields('ecdsa-sha2-nistp256', 'nistp256', 'point', 'd'),
      Buffer.of(255, 255, 255, 255),
    ])
      expect(problemOf(key(inner))).toBe('broken');
    expect(problemOf(key(fields('ecdsa-sha2-nistp256', 'nistp1', 'point', 'd')))).toBe('unsupported');
    expect(problemOf(key(fields('ssh-dss', 'p')))).toBe('unsupported');
  });

  test('no error tells anything of the key', () => {
    const { text } = keygen(testDir(), ['-t', 'ecdsa', '-m', 'PEM']);
    const broken = text.replace(/\n(.{20})/, '\n$1$1');
    const error = (() => {
      try {
        return parseKeyFile(broken);
      } catch (thrown) {
        return thrown as Error;
      }
    })();
    expect(error).toEqual(new KeyFileError('broken'));
    expect((error as Error).cause).toBeUndefined();
  });
});

function openssh(bytes: Buffer): string {
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${bytes.toString('base64')}\n-----END OPENSSH PRIVATE KEY-----\n`;
}
