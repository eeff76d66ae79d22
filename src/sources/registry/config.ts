import { dirname, resolve } from 'node:path';
import { BuildError, type SourceRange } from '../../errors.ts';

/** What the user's config file says about registries, by host (`docker.io`, `registry.example:5000`). */
export interface RegistryConfig {
  readonly registries: { readonly [host: string]: RegistryEntry };
}

export interface RegistryEntry {
  /** Asked before the registry itself, in order: URLs or hosts; a path stands before the names of repositories there. */
  readonly mirrors?: readonly string[];
  /** Certificates are not checked, and plain http is tried. */
  readonly insecure?: boolean;
  /** Host path of a PEM file with the registry's CA. */
  readonly ca?: string;
}

/** @throws BuildError config-invalid, located where it can be */
export function parseRegistryConfig(text: string, file: string): RegistryConfig {
  const parsed = parsedJson(text, file);
  const found: [string, RegistryEntry][] = [];
  const problem = (message: string, key: string, hint?: string): never => {
    throw new BuildError('config-invalid', `${file}: ${message}`, { range: rangeOfKey(text, key, file), hint });
  };
  if (!isObject(parsed)) return problem('the config is not a JSON object', '', CONFIG_HINT);
  for (const key of Object.keys(parsed)) if (key !== 'registries') problem(`unknown field "${key}"`, key, CONFIG_HINT);
  const registries = parsed['registries'] ?? {};
  if (!isObject(registries)) return problem('"registries" is not an object', 'registries', CONFIG_HINT);
  for (const [host, entry] of Object.entries(registries)) {
    if (!HOST.test(host))
      problem(
        `${JSON.stringify(host)} is not a registry's host`,
        host,
        'write HOST or HOST:PORT, without scheme and path',
      );
    if (!isObject(entry)) return problem(`the entry of ${host} is not an object`, host, CONFIG_HINT);
    found.push([host, checkedEntry(entry, { file, problem })]);
  }
  return { registries: Object.fromEntries(found) };
}

const CONFIG_HINT =
  'it looks like {"registries": {"docker.io": {"mirrors": ["https://mirror.example"], "insecure": false, "ca": "ca.pem"}}}';
const HOST = /^[a-z0-9.-]+(:\d{1,5})?$|^\[[0-9a-f:]+\](:\d{1,5})?$/i;
const MIRROR = /^(https?:\/\/)?([a-z0-9.-]+|\[[0-9a-f:]+\])(:\d{1,5})?(\/[\w./-]*)?$/i;

interface Checking {
  readonly file: string;
  readonly problem: (message: string, key: string, hint?: string) => never;
}

function checkedEntry(entry: { readonly [name: string]: unknown }, { file, problem }: Checking): RegistryEntry {
  for (const key of Object.keys(entry)) {
    if (!['mirrors', 'insecure', 'ca'].includes(key))
      problem(`unknown field "${key}"`, key, 'a registry has mirrors, insecure and ca');
  }
  const { mirrors = [], insecure = false, ca } = entry;
  if (!isMirrorList(mirrors))
    return problem('"mirrors" is not a list of URLs or hosts', 'mirrors', 'e.g. ["https://mirror.example"]');
  if (typeof insecure !== 'boolean') return problem('"insecure" is neither true nor false', 'insecure');
  if (!isPathOrAbsent(ca)) return problem('"ca" is not a path', 'ca');
  return {
    ...(mirrors.length === 0 ? {} : { mirrors }),
    ...(insecure ? { insecure } : {}),
    ...(ca === undefined ? {} : { ca: resolve(dirname(file), ca) }),
  };
}

function isPathOrAbsent(value: unknown): value is string | undefined {
  return value === undefined || (typeof value === 'string' && value !== '');
}

function isMirrorList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string' && MIRROR.test(item));
}

/** `docker.io=https://mirror.example`; undefined for what is none. */
export function parseMirror(text: string): { readonly host: string; readonly mirror: string } | undefined {
  const equals = text.indexOf('=');
  const host = text.slice(0, Math.max(equals, 0));
  const mirror = text.slice(equals + 1);
  return HOST.test(host) && MIRROR.test(mirror) ? { host, mirror } : undefined;
}

function parsedJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    const offset = Number(/position (\d+)/.exec(message)?.[1] ?? text.length);
    const words = message.replace(/ in JSON at position.*| \(line \d+.*/s, '');
    throw new BuildError('config-invalid', `${file} is not JSON: ${words}`, {
      range: rangeAt(text, { offset, length: 1, file }),
      cause: error,
    });
  }
}

function rangeOfKey(text: string, key: string, file: string): SourceRange | undefined {
  const quoted = JSON.stringify(key);
  const offset = key === '' ? -1 : text.indexOf(quoted);
  return offset < 0 ? undefined : rangeAt(text, { offset, length: quoted.length, file });
}

function rangeAt(
  text: string,
  { offset, length, file }: { offset: number; length: number; file: string },
): SourceRange {
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  const column = offset - (before.lastIndexOf('\n') + 1) + 1;
  return { file, startLine: line, startColumn: column, endLine: line, endColumn: column + length };
}

function isObject(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
