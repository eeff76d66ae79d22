import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Digest, hexOf, isDigest } from '../../../cache/index.ts';
import { BuildError } from '../../errors.ts';
import {
  type Descriptor,
  formatPlatform,
  MAX_CONFIG_BYTES,
  MAX_MANIFEST_BYTES,
  matchPlatform,
  type Platform,
  parseIndex,
} from '../../image/oci/index.ts';
import { type ResolvedManifest, resolveManifestSync } from './resolve.ts';

export interface ResolvedLayout extends ResolvedManifest {
  readonly dir: string;
}

export interface Layout {
  readonly dir: string;
  /**
   * The image of a tag or digest; those given to openLayout when none is named here; `latest` when neither names one. An image
   * that is alone is that of every tag.
   * @throws BuildError image-not-found, image-invalid
   */
  resolve(options: {
    readonly tag?: string | undefined;
    readonly digest?: Digest | undefined;
    readonly platform: Platform;
  }): ResolvedLayout;
  /** Where a blob lies. Its bytes are not verified. */
  blobPath(digest: Digest): string;
}

/**
 * An OCI image layout directory as a source of images.
 * @param text `DIR`, `DIR:TAG` or `DIR@sha256:…`
 */
export function openLayout(text: string): Layout {
  const { dir, tag, digest } = parsed(text);
  const blobPath = (blob: Digest) => join(dir, 'blobs', 'sha256', hexOf(blob));
  return {
    dir,
    blobPath,
    resolve(options) {
      const wanted = { tag: options.tag ?? tag, digest: options.digest ?? digest };
      const top = wanted.digest ?? descriptorOf(dir, wanted.tag, options.platform).digest;
      const name = `the OCI layout ${text}`;
      const read = ({ digest: blob, kind }: { digest: Digest; kind: 'manifest' | 'config' }) =>
        readFile(blobPath(blob), {
          maxBytes: kind === 'manifest' ? MAX_MANIFEST_BYTES : MAX_CONFIG_BYTES,
          what: `${kind} ${blob}`,
          dir,
        });
      return { dir, ...resolveManifestSync(top, read, { platform: options.platform, name }) };
    },
  };
}

const REF_NAME = 'org.opencontainers.image.ref.name';
const IMAGE_NAME = 'io.containerd.image.name';

function parsed(text: string): { dir: string; tag: string | undefined; digest: Digest | undefined } {
  const at = text.lastIndexOf('@');
  if (at > 0) {
    const digest = text.slice(at + 1);
    if (isDigest(digest)) return { dir: text.slice(0, at).replace(/:[\w][\w.-]{0,127}$/, ''), tag: undefined, digest };
  }
  const match = /^(.+):([\w][\w.-]{0,127})$/.exec(text);
  if (match?.[1] === undefined || isDirectory(text)) return { dir: text, tag: undefined, digest: undefined };
  return { dir: match[1], tag: match[2], digest: undefined };
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function descriptorOf(dir: string, tag: string | undefined, platform: Platform): Descriptor {
  const what = `index.json of the OCI layout ${dir}`;
  const { manifests } = parseIndex(
    readFile(join(dir, 'index.json'), { maxBytes: MAX_MANIFEST_BYTES, what: 'index.json', dir }),
    what,
  );
  const named = descriptorsOf(manifests, tag);
  const tags = [...new Set(manifests.flatMap(({ annotations }) => annotations?.[REF_NAME] ?? []))];
  const hint = tags.length === 0 ? undefined : `it has the tags ${tags.slice(0, 12).join(', ')}`;
  if (named.length === 0) {
    const missing = tag === undefined ? 'no image' : `no image with the tag ${tag}`;
    throw new BuildError('image-not-found', `the OCI layout ${dir} has ${missing}`, { hint });
  }
  if (new Set(named.map(({ digest }) => digest)).size === 1 && named[0] !== undefined) return named[0];
  const found = matchPlatform(named, platform);
  if (found !== undefined && (tag !== undefined || tags.length <= 1)) return found;
  if (found === undefined)
    throw new BuildError('image-not-found', `the OCI layout ${dir} has no image for ${formatPlatform(platform)}`, {
      hint,
    });
  throw new BuildError('image-not-found', `the OCI layout ${dir} has several images, and no tag says which`, {
    hint: `${hint ?? ''}; write oci-layout://${dir}:TAG`,
  });
}

/** Those of the tag, `latest` without one; an image that is alone has any tag. Without a tag and a `latest` all that there are. */
function descriptorsOf(manifests: readonly Descriptor[], tag: string | undefined): readonly Descriptor[] {
  const called = manifests.filter((descriptor) => isCalled(descriptor, tag ?? 'latest'));
  return called.length > 0 || (tag !== undefined && manifests.length > 1) ? called : manifests;
}

/** By its tag, or by a whole name that ends in it. */
function isCalled({ annotations }: Descriptor, tag: string): boolean {
  return (
    annotations?.[REF_NAME] === tag ||
    annotations?.[REF_NAME]?.endsWith(`:${tag}`) === true ||
    annotations?.[IMAGE_NAME]?.endsWith(`:${tag}`) === true
  );
}

function readFile(path: string, { maxBytes, what, dir }: { maxBytes: number; what: string; dir: string }): Buffer {
  try {
    if (statSync(path).size > maxBytes)
      throw new BuildError('image-invalid', `${what} of the OCI layout ${dir} is larger than ${maxBytes} bytes`);
    return readFileSync(path);
  } catch (error) {
    if (error instanceof BuildError) throw error;
    const isMissing =
      (error as NodeJS.ErrnoException).code === 'ENOENT' || (error as NodeJS.ErrnoException).code === 'ENOTDIR';
    const problem = isMissing ? 'does not exist' : 'cannot be read';
    throw new BuildError('image-not-found', `${what} of the OCI layout ${dir} ${problem}`, {
      hint: 'an OCI layout is a directory with oci-layout, index.json and blobs/',
      cause: error,
    });
  }
}
