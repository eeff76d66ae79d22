import { posix } from 'node:path';

/** File names, and directories anywhere on a path, that hold secrets by convention. Templates of them do not. */
export function isCredential(path: string): boolean {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  const name = parts.at(-1) ?? '';
  if (TEMPLATE.test(name)) return false;
  const lastTwo = posix.join(parts.at(-2) ?? '', name);
  return FILES.some((file) => file.test(name)) || PATHS.has(lastTwo) || parts.some((part) => DIRECTORIES.has(part));
}

const TEMPLATE = /\.(?:example|sample|template|tmpl|dist|defaults?|pub)$/;
const DIRECTORIES: ReadonlySet<string> = new Set(['.ssh', '.gnupg', '.aws']);
const PATHS: ReadonlySet<string> = new Set(['.docker/config.json', '.kube/config', '.m2/settings.xml']);
const FILES = [
  /^\.env(?:[.*].*)?$/,
  /^id_(?:rsa|dsa|ecdsa|ed25519)$/,
  /^\.(?:npmrc|netrc|pypirc|pgpass|htpasswd|git-credentials|dockercfg|dockerconfigjson|vault-token)$/,
  /\.(?:key|p12|pfx|ppk|jks|keystore)$/,
  /(?:^|[-_.])(?:key|privkey|private)\.pem$/,
  /^(?:credentials|service-?account(?:-?key)?)\.json$/,
] as const;
