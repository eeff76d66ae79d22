import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where distributions keep what the machine trusts: Debian, Fedora, openSUSE, OpenELEC, RHEL, Alpine. */
const BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/tls/cacert.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/**
 * The PEM bundles of the authorities that this machine trusts, as curl and Go look for them: $SSL_CERT_FILE, else the distribution's
 * bundle; the files of $SSL_CERT_DIR; and $NODE_EXTRA_CA_CERTS. What cannot be read is left out.
 */
export function machineAuthorities(env: { readonly [name: string]: string | undefined }): readonly string[] {
  const bundle = given(env, 'SSL_CERT_FILE') ?? BUNDLES.find((file) => existsSync(file));
  const folders = (given(env, 'SSL_CERT_DIR') ?? '').split(':').filter((folder) => folder !== '');
  const files = [bundle, ...folders.flatMap(filesIn), given(env, 'NODE_EXTRA_CA_CERTS')];
  return [...new Set(files)].flatMap((file) => (file === undefined ? [] : certificatesIn(file)));
}

function given(env: { readonly [name: string]: string | undefined }, name: string): string | undefined {
  const value = env[name];
  return value === '' ? undefined : value;
}

function filesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).map((name) => join(folder, name));
  } catch {
    return [];
  }
}

function certificatesIn(file: string): readonly string[] {
  try {
    const text = readFileSync(file, 'utf8');
    return text.includes('-----BEGIN CERTIFICATE-----') ? [text] : [];
  } catch {
    return [];
  }
}
