import { accessSync, constants, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { BuildError } from '../errors.ts';
import { rootUnusable } from '../session/state-root.ts';
import {
  type AuthFile,
  parseAuthFile,
  parseMirror,
  parseRegistryConfig,
  type RegistryConfig,
} from '../sources/registry/index.ts';
import { parseGoBool } from '../util/go-bool.ts';
import type { CliContext } from './context.ts';

type Env = CliContext['env'];

/** A variable that is set to nothing is none: a path made of it would lead into the working directory. */
function given(env: Env, name: string): string | undefined {
  const value = env[name];
  return value === '' ? undefined : value;
}

/** `--root` unless it is empty, else $TSBUILD_ROOT, else /var/lib/tsbuild for root and $XDG_DATA_HOME/tsbuild for others. */
export function rootDirectory(flag: string | undefined, env: Env): string {
  const root = flag || given(env, 'TSBUILD_ROOT');
  if (root !== undefined) return root;
  if (process.getuid?.() === 0) return '/var/lib/tsbuild';
  return join(given(env, 'XDG_DATA_HOME') ?? join(homedir(), '.local/share'), 'tsbuild');
}

/** The state directory of a command that only looks; it may be absent. @throws BuildError root-unusable */
export function rootToRead(flag: string | undefined, { cwd, env }: Pick<CliContext, 'cwd' | 'env'>): string {
  const dir = resolve(cwd, rootDirectory(flag, env));
  try {
    accessSync(`${dir}/`, constants.R_OK | constants.X_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') throw rootUnusable(`the state directory ${dir} cannot be read (${code})`, error);
  }
  return dir;
}

/** $TSBUILD_CONFIG or ~/.config/tsbuild/config.json; an absent default file is an empty config. */
export function registryConfig(env: Env, mirrors: readonly string[]): RegistryConfig {
  const named = given(env, 'TSBUILD_CONFIG');
  const file = named ?? join(given(env, 'XDG_CONFIG_HOME') ?? join(homedir(), '.config'), 'tsbuild/config.json');
  const text = readIfThere(file);
  if (text === undefined && named !== undefined)
    throw new BuildError('config-invalid', `the config file ${file} of TSBUILD_CONFIG cannot be read`, {
      hint: 'make it a readable file, or unset TSBUILD_CONFIG',
    });
  const config = text === undefined ? { registries: {} } : parseRegistryConfig(text, file);
  return mirrors.reduce(withMirror, config);
}

/** What is to be said of variables that buildx obeys and that have no effect here. */
export function environmentNotes(env: Env): readonly string[] {
  const policy = 'EXPERIMENTAL_BUILDKIT_SOURCE_POLICY';
  const labels = given(env, 'BUILDX_GIT_LABELS') ?? '';
  return [
    ...(given(env, policy) === undefined ? [] : [`${policy} is not obeyed: there are no policies for sources`]),
    ...(labels === 'full' || parseGoBool(labels) === true ? [GIT_LABELS_NOTE] : []),
  ];
}

const GIT_LABELS_NOTE =
  'BUILDX_GIT_LABELS is not obeyed: write --label org.opencontainers.image.revision=$(git rev-parse HEAD)';

/** @throws BuildError usage */
function withMirror({ registries }: RegistryConfig, text: string): RegistryConfig {
  const parsed = parseMirror(text);
  if (parsed === undefined) {
    throw new BuildError('usage', `--registry-mirror ${JSON.stringify(text)} is not understood`, {
      hint: 'it takes REGISTRY=MIRROR, e.g. docker.io=http://127.0.0.1:5000 or docker.io=harbor.example/hub',
    });
  }
  const { host, mirror } = parsed;
  const entry = registries[host] ?? {};
  return { registries: { ...registries, [host]: { ...entry, mirrors: [...(entry.mirrors ?? []), mirror] } } };
}

/** $DOCKER_AUTH_CONFIG, then where docker and podman keep their log-ins; files that are not there are left out. @throws BuildError config-invalid */
export function authFiles(env: Env): readonly AuthFile[] {
  const config = given(env, 'XDG_CONFIG_HOME') ?? join(homedir(), '.config');
  const runtime = given(env, 'XDG_RUNTIME_DIR');
  const candidates = [
    join(given(env, 'DOCKER_CONFIG') ?? join(homedir(), '.docker'), 'config.json'),
    given(env, 'REGISTRY_AUTH_FILE'),
    runtime === undefined ? undefined : join(runtime, 'containers/auth.json'),
    join(config, 'containers/auth.json'),
  ];
  const written = given(env, 'DOCKER_AUTH_CONFIG');
  const files = candidates.flatMap((file) => {
    const text = file === undefined ? undefined : readIfThere(file);
    return file === undefined || text === undefined ? [] : [parseAuthFile(text, file)];
  });
  return written === undefined ? files : [parseAuthFile(written, '$DOCKER_AUTH_CONFIG'), ...files];
}

/** @throws BuildError config-invalid for what is there and no file */
function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES') return undefined;
    throw new BuildError('config-invalid', `the config file ${file} cannot be read: ${(error as Error).message}`, {
      hint: 'make it a readable file, or remove it',
      cause: error,
    });
  }
}
