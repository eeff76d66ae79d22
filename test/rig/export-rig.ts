import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type BlobRef, contentIDOf, type Digest, diffIDOf, digestOf, hexOf, type LayerRef } from '../../cache/index.ts';
import type { ExportDeps, ExportImage } from '../../src/exporter/index.ts';
import { MEDIA } from '../../src/image/oci/index.ts';
import { memoryTree } from './memory-tree.ts';
import { untimed } from './untimed.ts';

/** A root as the exporter sees it, on a temp directory, with what was asked of it. */
export class ExportRig {
  readonly dir = mkdtempSync(join(tmpdir(), 'export-'));
  readonly out = join(this.dir, 'out');
  readonly asked: string[] = [];
  readonly warnings: string[] = [];
  readonly written: Buffer[] = [];
  readonly tree = memoryTree({ 'etc/passwd': { content: 'root' } });
  readonly #blobs = new Map<string, { size: number; blobs: Record<string, BlobRef> }>();
  readonly #memo = new Map<string, string>();
  #temps = 0;

  constructor() {
    for (const name of ['out', 'content', 'layers', 'tmp']) mkdirSync(join(this.dir, name));
  }

  /** A layer that was made here: its tar lies in the root. */
  ownLayer(tar: Uint8Array): LayerRef {
    const diffID = diffIDOf(digestOf(tar));
    writeFileSync(this.#tarPath(diffID), tar);
    this.#blobs.set(diffID, { size: tar.length, blobs: {} });
    return { diffID, contentID: contentIDOf(diffID), verified: true, origins: [] };
  }

  /** A layer that was pulled: Docker's media type, its blob not here before it is asked for. */
  pulledLayer(tar: Uint8Array, mediaType: string = MEDIA.dockerLayerGzip): LayerRef {
    const diffID = diffIDOf(digestOf(tar));
    const bytes = gzipSync(tar, { level: 1 });
    const digest = digestOf(bytes);
    writeFileSync(join(this.dir, 'tmp', hexOf(digest)), bytes);
    writeFileSync(join(this.dir, 'tmp', `${hexOf(diffID)}.tar`), tar);
    const blob = { mediaType, digest, size: bytes.length };
    return {
      diffID,
      contentID: contentIDOf(diffID),
      blob,
      verified: false,
      origins: [{ repository: 'docker.io/library/x', digest }],
    };
  }

  image(layers: readonly LayerRef[], names: readonly string[] = ['docker.io/library/node-app:1.0']): ExportImage {
    return {
      platform: { os: 'linux', architecture: 'amd64' },
      config: {
        architecture: 'amd64',
        os: 'linux',
        created: '2024-01-02T03:04:05Z',
        config: { Cmd: ['node', 'app.js'] },
        rootfs: { type: 'layers', diff_ids: layers.map(({ diffID }) => diffID) },
        history: layers.map(() => ({ created: '2024-01-02T03:04:05Z', created_by: 'COPY . . # buildkit' })),
      },
      layers,
      names,
    };
  }

  deps(signal: AbortSignal = new AbortController().signal): ExportDeps {
    const contentPath = (digest: Digest) => join(this.dir, 'content', hexOf(digest));
    const has = (digest: Digest, length?: number) => {
      const size = statSync(contentPath(digest), { throwIfNoEntry: false })?.size;
      return size !== undefined && (length === undefined || size === length);
    };
    return {
      timed: untimed,
      content: {
        path: contentPath,
        has,
        putBytes: (bytes) => {
          const digest = digestOf(bytes);
          writeFileSync(contentPath(digest), bytes);
          return digest;
        },
        adopt: (temp, digest) => renameSync(temp, contentPath(digest)),
      },
      layers: {
        tarPath: (diffID) => this.#tarPath(diffID),
        meta: (diffID) => this.#blobs.get(diffID),
        recordBlob: (diffID, key, blob) => {
          const meta = this.#blobs.get(diffID);
          if (meta !== undefined) meta.blobs[key] = blob;
        },
      },
      tempPath: (name) => join(this.dir, 'tmp', `${name}-${String(this.#temps++)}`),
      ensureLayer: async ({ diffID }) => {
        this.asked.push(`layer ${diffID}`);
        if (this.#blobs.has(diffID)) return;
        const from = join(this.dir, 'tmp', `${hexOf(diffID)}.tar`);
        this.#blobs.set(diffID, { size: statSync(from).size, blobs: {} });
        renameSync(from, this.#tarPath(diffID));
      },
      ensureBlob: async ({ blob }) => {
        if (blob === undefined) return undefined;
        this.asked.push(`blob ${blob.digest}`);
        if (!has(blob.digest)) renameSync(join(this.dir, 'tmp', hexOf(blob.digest)), contentPath(blob.digest));
        return blob;
      },
      redateLayer: (ref) => Promise.resolve(ref),
      openStack: async () => this.tree,
      stdout: async (bytes) => {
        this.written.push(Buffer.from(bytes));
      },
      push: () => Promise.reject(new Error('no registry in this test')),
      load: () => Promise.reject(new Error('no engine in this test')),
      lease: 'lease1',
      warn: (message) => this.warnings.push(message),
      memo: {
        get: (namespace, key) => this.#memo.get(`${namespace} ${key}`),
        put: (namespace, key, value) => this.#memo.set(`${namespace} ${key}`, value),
      },
      signal,
    };
  }

  /** Below out/, sorted. */
  files(): readonly string[] {
    return readdirSync(this.out, { recursive: true }).map(String).sort();
  }

  [Symbol.dispose](): void {
    rmSync(this.dir, { recursive: true, force: true });
  }

  #tarPath(diffID: string): string {
    return join(this.dir, 'layers', diffID.slice('sha256:'.length));
  }
}
