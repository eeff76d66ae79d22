import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface ImageConfig {
  readonly os: string;
  readonly architecture: string;
  readonly created?: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly rootfs: { readonly type: string; readonly diff_ids: readonly string[] };
  readonly history: readonly { readonly created_by?: string; readonly empty_layer?: boolean }[];
}

export interface VerifiedImage {
  readonly digest: string;
  readonly config: ImageConfig;
  readonly diffIDs: readonly string[];
  readonly layers: readonly Descriptor[];
}

/**
 * Reads an archive with GNU tar and checks it as a sceptic would: every digest and size, every diffID against the unpacked
 * bytes, and that the docker manifest in it names the same config and layers.
 *
 * @throws with the first thing that does not check out
 */
export function verifyArchive(file: string): VerifiedImage {
  const dir = mkdtempSync(join(tmpdir(), 'tsbuild-verify-'));
  try {
    execFileSync('tar', ['--extract', '--file', file, '--directory', dir]);
    return verifyLayout(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function verifyLayout(dir: string): VerifiedImage {
  const layout = JSON.parse(readFileSync(join(dir, 'oci-layout'), 'utf8')) as { imageLayoutVersion: string };
  if (layout.imageLayoutVersion !== '1.0.0') throw new Error(`imageLayoutVersion is ${layout.imageLayoutVersion}`);
  const index = JSON.parse(readFileSync(join(dir, 'index.json'), 'utf8')) as { manifests: Descriptor[] };
  const [first] = index.manifests;
  if (first === undefined) throw new Error('index.json lists no manifest');
  const manifest = JSON.parse(readBlob(dir, first).toString()) as { config: Descriptor; layers: Descriptor[] };
  const config = JSON.parse(readBlob(dir, manifest.config).toString()) as ImageConfig;
  const diffIDs = manifest.layers.map((layer) => digestOf(unpacked(layer, readBlob(dir, layer))));
  if (JSON.stringify(diffIDs) !== JSON.stringify(config.rootfs.diff_ids)) {
    throw new Error(`diffIDs are ${diffIDs.join(' ')}, the config says ${config.rootfs.diff_ids.join(' ')}`);
  }
  const filled = config.history.filter((entry) => entry.empty_layer !== true).length;
  if (filled !== diffIDs.length)
    throw new Error(`${String(filled)} history entries for ${String(diffIDs.length)} layers`);
  verifyDockerManifest(dir, manifest);
  return { digest: first.digest, config, diffIDs, layers: manifest.layers };
}

function verifyDockerManifest(dir: string, manifest: { config: Descriptor; layers: readonly Descriptor[] }): void {
  const file = join(dir, 'manifest.json');
  if (!existsSync(file)) return;
  const [entry] = JSON.parse(readFileSync(file, 'utf8')) as { Config: string; Layers: string[] }[];
  if (entry === undefined) throw new Error('manifest.json is empty');
  const named = [entry.Config, ...entry.Layers].map((path) => digestOf(readFileSync(join(dir, path))));
  const wanted = [manifest.config, ...manifest.layers].map((descriptor) => descriptor.digest);
  if (JSON.stringify(named) !== JSON.stringify(wanted))
    throw new Error('manifest.json names other blobs than the OCI manifest');
}

function readBlob(dir: string, { digest, size }: Descriptor): Buffer {
  const path = join(dir, 'blobs', ...digest.split(':'));
  if (statSync(path).size !== size)
    throw new Error(`${digest}: ${String(statSync(path).size)} bytes, the descriptor says ${String(size)}`);
  const bytes = readFileSync(path);
  if (digestOf(bytes) !== digest) throw new Error(`${digest}: the bytes have the digest ${digestOf(bytes)}`);
  return bytes;
}

function unpacked(layer: Descriptor, bytes: Buffer): Buffer {
  return layer.mediaType.endsWith('+gzip') || layer.mediaType.endsWith('.gzip') ? gunzipSync(bytes) : bytes;
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
