// An image as a directory of blobs: read, added to, and served as a registry would.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import { writeBigLayer } from './big-base.mjs';

/** @param {string} archive an OCI archive @param {string} dir is made @returns {string} dir */
export function unpackLayout(archive, dir) {
  mkdirSync(dir);
  execFileSync('tar', ['-xf', archive, '-C', dir]);
  return dir;
}

/** @param {string} dir @param {string} digest */
export function blobPath(dir, digest) {
  return join(dir, 'blobs', ...digest.split(':'));
}

/** @param {string} dir @param {string} digest */
function readBlob(dir, digest) {
  return JSON.parse(readFileSync(blobPath(dir, digest), 'utf8'));
}

/** @param {string} dir */
function readIndex(dir) {
  return JSON.parse(readFileSync(join(dir, 'index.json'), 'utf8'));
}

/**
 * Puts one more layer on the image, of many files that no other image has.
 * @param {string} dir @param {{ files: number, bytes: number }} wanted
 * @returns {Promise<{ digest: string, size: number }>} of the layer's blob
 */
export async function addBigLayer(dir, wanted) {
  const temp = join(dir, 'layer.tar.gz');
  const { digest, size, diffID } = await writeBigLayer(temp, wanted);
  renameSync(temp, blobPath(dir, digest));
  const index = readIndex(dir);
  const [described] = index.manifests;
  const manifest = readBlob(dir, described.digest);
  const config = readBlob(dir, manifest.config.digest);
  config.rootfs.diff_ids.push(diffID);
  config.history?.push({ created: config.created, created_by: 'a layer of many files' });
  manifest.layers.push({ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest, size });
  manifest.config = { ...manifest.config, ...writeBlob(dir, config) };
  index.manifests = [{ ...described, ...writeBlob(dir, manifest) }];
  writeFileSync(join(dir, 'index.json'), JSON.stringify(index));
  return { digest, size };
}

/** @param {string} dir @param {object} value */
function writeBlob(dir, value) {
  const bytes = Buffer.from(JSON.stringify(value));
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  writeFileSync(blobPath(dir, digest), bytes);
  return { digest, size: bytes.length };
}

/**
 * A registry of that one image, whatever it is asked by.
 * @param {string} dir @param {{ onSent?: (digest: string) => void }} [events]
 * @returns {Promise<{ host: string, close: () => void }>}
 */
export async function serveLayout(dir, { onSent = () => undefined } = {}) {
  const [{ digest: image, mediaType }] = readIndex(dir).manifests;
  const server = createServer((request, response) => {
    if (request.url === '/v2/') return void response.writeHead(200).end();
    const name = (request.url ?? '').split('/').at(-1) ?? '';
    const digest = name.startsWith('sha256:') ? name : image;
    const size = statSync(blobPath(dir, digest), { throwIfNoEntry: false })?.size;
    if (size === undefined) return void response.writeHead(404).end();
    const isManifest = (request.url ?? '').includes('/manifests/');
    response.setHeader('content-type', isManifest ? mediaType : 'application/octet-stream');
    response.setHeader('content-length', size);
    response.setHeader('docker-content-digest', digest);
    if (request.method === 'HEAD') return void response.end();
    pipeline(createReadStream(blobPath(dir, digest), { highWaterMark: 1 << 20 }), response, () => onSent(digest));
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', () => ready(undefined)));
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    host: `127.0.0.1:${address.port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
