import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { BuildError } from '../errors.ts';
import { parseRegistryConfig, type RegistryConfig } from '../sources/registry/index.ts';
import type { CliContext } from './context.ts';

type Env = CliContext['env'];

/** `--root`, else $TSBUILD_ROOT, else /var/lib/tsbuild for root and $XDG_DATA_HOME/tsbuild for others. */
export function rootDirectory(flag: string | undefined, env: Env): string {
  const given = flag ?? env['TSBUILD_ROOT'];
  if (given !== undefined && given !== '') return given;
  if (process.getuid?.() === 0) return '/var/lib/tsbuild';
  return join(env['XDG_DATA_HOME'] ?? join(homedir(), '.local/share'), 'tsbuild');
}

/** $TSBUILD_CONFIG or ~/.config/tsbuild/config.json; an absent default file is an empty config. */
export function registryConfig(env: Env, mirrors: readonly string[]): RegistryConfig {
  const named = env['TSBUILD_CONFIG'];
  const file = named ?? join(env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config'), 'tsbuild/config.json');
  const text = readIfThere(file);
  if (text === undefined && named !== undefined)
    throw new BuildError('config-invalid', `the config file ${file} of TSBUILD_CONFIG cannot be read`);
  const config = text === undefined ? { registries: {} } : parseRegistryConfig(text, file);
  return mirrors.reduce(withMirror, config);
}

/** `docker.io=http://127.0.0.1:5000` */
function withMirror(config: RegistryConfig, text: string): RegistryConfig {
  const equals = text.indexOf('=');
  if (equals <= 0 || !/^https?:\/\//.test(text.slice(equals + 1))) {
    throw new BuildError('usage', `--registry-mirror ${JSON.stringify(text)} is not understood`, {
      hint: 'it takes REGISTRY=URL, e.g. docker.io=http://127.0.0.1:5000',
    });
  }
  const host = text.slice(0, equals);
  const entry = config.registries[host] ?? {};
  return {
    registries: {
      ...config.registries,
      [host]: { ...entry, mirrors: [...(entry.mirrors ?? []), text.slice(equals + 1)] },
    },
  };
}

/** `auths` of docker's config.json: host → user and password. */
export function dockerCredentials(env: Env): Map<string, { username: string; password: string }> {
  const file = join(env['DOCKER_CONFIG'] ?? join(homedir(), '.docker'), 'config.json');
  const text = readIfThere(file);
  const found = new Map<string, { username: string; password: string }>();
  if (text === undefined) return found;
  for (const [host, entry] of Object.entries(authsOf(text, file))) {
    const decoded = Buffer.from(entry.auth ?? '', 'base64').toString('utf8');
    const colon = decoded.indexOf(':');
    if (colon > 0) found.set(host, { username: decoded.slice(0, colon), password: decoded.slice(colon + 1) });
  }
  return found;
}

function authsOf(text: string, file: string): Record<string, { auth?: string }> {
  try {
    const parsed = JSON.parse(text) as { auths?: Record<string, { auth?: string }> };
    return parsed.auths ?? {};
  } catch (error) {
    throw new BuildError('config-invalid', `${file} is not JSON`, { cause: error });
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES') return undefined;
    throw error;
  }
}
