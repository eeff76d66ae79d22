import { type Digest, isDigest } from '../../../cache/index.ts';
import { BuildError } from '../../errors.ts';

/** A parsed image reference: `registry/repository[:tag][@digest]`. */
export interface Reference {
  /** `docker.io`, `ghcr.io`, `127.0.0.1:5000` */
  readonly registry: string;
  /** `library/node` */
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: Digest;
}

/**
 * Docker's reading of an image name: without a registry it is docker.io's, without a namespace there `library/`.
 * Neither tag nor digest is added.
 * @throws BuildError reference-invalid
 */
export function parseReference(text: string): Reference {
  if (text === '') throw invalid(text, 'it is empty');
  if (HEX_64.test(text)) throw invalid(text, '64 hex digits look like an image ID');
  const { name, tag, digest } = split(text);
  const { registry, path } = withRegistry(name);
  if (path !== path.toLowerCase()) {
    const hint = PATH.test(path.toLowerCase()) ? `write ${text.replace(name, name.toLowerCase())}` : undefined;
    throw invalid(text, `repository name (${path}) must be lowercase`, hint);
  }
  if (!PATH.test(path) || !REGISTRY.test(registry)) throw invalid(text, 'the name has an invalid part');
  if (registry.length + 1 + path.length > MAX_NAME)
    throw invalid(text, `the name is longer than ${MAX_NAME} characters`);
  return {
    registry,
    repository: path,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** @returns `docker.io/library/node:20`; the tag is `latest` when there is neither tag nor digest. */
export function normaliseReference(text: string): string {
  const reference = parseReference(text);
  const isBare = reference.tag === undefined && reference.digest === undefined;
  return formatReference(isBare ? { ...reference, tag: 'latest' } : reference);
}

export function formatReference({ registry, repository, tag, digest }: Reference): string {
  return `${registry}/${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

/** The shortest form that means the same: `node:20`, `grafana/grafana:latest`. What is no reference stays as it is. */
export function familiarName(name: string): string {
  return name.replace(/^docker\.io\/(?:library\/(?=[^/]+$))?/, '');
}

const HEX_64 = /^[0-9a-f]{64}$/;
const MAX_NAME = 255;
const TAG = /^\w[\w.-]{0,127}$/;
const PATH = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/;
const REGISTRY =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[0-9a-fA-F:]+\])(?::\d+)?$/;

function split(text: string): { name: string; tag?: string; digest?: Digest } {
  const at = text.indexOf('@');
  const named = at < 0 ? text : text.slice(0, at);
  const digest = at < 0 ? undefined : text.slice(at + 1);
  if (digest !== undefined && !isDigest(digest)) throw invalid(text, 'its digest is not sha256: and 64 hex digits');
  const colon = named.lastIndexOf(':');
  const hasTag = colon > named.lastIndexOf('/');
  const tag = hasTag ? named.slice(colon + 1) : undefined;
  if (tag !== undefined && !TAG.test(tag)) throw invalid(text, `its tag "${tag}" is invalid`);
  const name = hasTag ? named.slice(0, colon) : named;
  return { name, ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) };
}

function withRegistry(name: string): { registry: string; path: string } {
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  const isRegistry = /[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase();
  const registry = isRegistry ? first : 'docker.io';
  const path = isRegistry ? name.slice(slash + 1) : name;
  const isHub = registry === 'docker.io' || registry === 'index.docker.io';
  if (!isHub) return { registry, path };
  return { registry: 'docker.io', path: path.includes('/') ? path : `library/${path}` };
}

function invalid(text: string, why: string, hint?: string): BuildError {
  return new BuildError('reference-invalid', `invalid reference format: ${JSON.stringify(text)}: ${why}`, {
    hint: hint ?? 'an image is named [REGISTRY/]NAME[:TAG][@sha256:DIGEST] in lower case',
  });
}
