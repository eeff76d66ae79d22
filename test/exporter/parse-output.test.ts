import { expect, test } from 'vitest';
import { parseOutput } from '../../src/exporter/index.ts';

test.each([
  ['out', { type: 'local', dest: 'out' }],
  ['-', { type: 'tar', dest: '-' }],
  ['./a=b', { type: 'local', dest: './a=b' }],
  ['tar=foo', { type: 'local', dest: 'tar=foo' }],
  ['type=tar', { type: 'tar', dest: '-' }],
  ['type=oci,dest=', { type: 'oci', dest: '-' }],
  ['type=docker,dest=x,tar=', { type: 'docker', dest: 'x', tar: true }],
  ['type=oci,dest=x,DEST=y', { type: 'oci', dest: 'y' }],
  ['type=tar,dest=x,source-date-epoch=', { type: 'tar', dest: 'x', fileTimes: 'kept', isUndated: true }],
  ['type=oci,dest=a.tar', { type: 'oci', dest: 'a.tar' }],
  ['type=docker,dest=-', { type: 'docker', dest: '-' }],
  ['type=oci,"dest=a,b.tar",tar=true', { type: 'oci', dest: 'a,b.tar', tar: true }],
  ['type=oci,dest=d,tar=false', { type: 'oci', dest: 'd', tar: false }],
  [
    'type=oci,dest=a,compression=zstd,compression-level=19,force-compression=true',
    { type: 'oci', dest: 'a', compression: { algorithm: 'zstd', level: 19 }, forceCompression: true },
  ],
  ['type=oci,dest=a,compression=uncompressed', { type: 'oci', dest: 'a', compression: { algorithm: 'none' } }],
  ['type=oci,dest=a,compression-level=9', { type: 'oci', dest: 'a', compression: { algorithm: 'gzip', level: 9 } }],
  ['type=oci,dest=a,oci-mediatypes=false', { type: 'oci', dest: 'a', ociMediaTypes: false }],
  [
    'type=oci,dest=a,"name=app,ghcr.io/o/app:1"',
    { type: 'oci', dest: 'a', names: ['docker.io/library/app:latest', 'ghcr.io/o/app:1'] },
  ],
  [
    'type=oci,dest=a,annotation.Org.x=1,annotation-manifest-descriptor.y=a=b',
    { type: 'oci', dest: 'a', annotations: { manifest: { 'Org.x': '1' }, descriptor: { y: 'a=b' } } },
  ],
  ['type=docker', { type: 'load', dest: '' }],
  ['type=cacheonly', { type: 'cacheonly', dest: '' }],
  ['type=image', { type: 'image', dest: '' }],
  ['type=registry,push=false', { type: 'image', dest: '' }],
  [
    'type=image,push=true,name=x,push-by-digest=true,registry.insecure=true',
    {
      type: 'registry',
      dest: '',
      names: ['docker.io/library/x:latest'],
      pushByDigest: true,
      insecure: true,
    },
  ],
  ['type=tar,dest=a,rewrite-timestamp=false,push=false', { type: 'tar', dest: 'a', fileTimes: 'kept' }],
  ['type=image,store=true,oci-artifact=false,buildinfo=0', { type: 'image', dest: '' }],
  ['type=oci,dest=x,rewrite-timestamp=true', { type: 'oci', dest: 'x', fileTimes: 'clamped' }],
])('%s', (text, spec) => {
  expect(parseOutput(text)).toEqual(spec);
});

test.each([
  ['', 'usage'],
  ['dest=x,tar=true', 'usage'],
  ['"a,b"', 'usage'],
  ['type=oci,tar=false', 'usage'],
  ['type=oci,dest=x,tar=foo', 'usage'],
  ['type=oci,dest=x,rewrite-timestamp=', 'usage'],
  ['type=oci,dest=x,source-date-epoch=5', 'not-supported-yet'],
  ['type=ocy,dest=x', 'usage'],
  ['type=oci,dest=x,frobnicate=1', 'usage'],
  ['type=oci,dest=x,tar', 'usage'],
  ['type=oci,dest=x,tar=maybe', 'usage'],
  ['type=oci,dest=-,tar=false', 'usage'],
  ['type=local,dest=-', 'usage'],
  ['type=oci,"dest=x', 'usage'],
  ['type=oci,dest=x,compression=lzma', 'usage'],
  ['type=oci,dest=x,compression-level=10', 'usage'],
  ['type=oci,dest=x,compression=zstd,oci-mediatypes=false', 'usage'],
  ['type=oci,dest=x,annotation-index.a=b', 'usage'],
  ['type=oci,dest=x,name=UPPER', 'reference-invalid'],
  ['type=docker,tar=false', 'usage'],
  ['type=registry,dest=x', 'usage'],
  ['type=oci,dest=x,push=true', 'usage'],
  ['type=oci,dest=x,compression=estargz', 'not-supported-yet'],
  ['type=local,dest=x,mode=delete', 'not-supported-yet'],
  ['type=local,dest=x,mode=move', 'usage'],
  ['type=oci,dest=x,annotation-elsewhere.a=b', 'usage'],
  ['type=oci,dest=x,annotation[no/such/plat/form].a=b', 'platform-invalid'],
  ['type=image,unpack=true', 'not-supported-yet'],
  ['type=image,store=false', 'not-supported-yet'],
  ['type=oci,dest=x,oci-artifact=true', 'not-supported-yet'],
  ['type=oci,dest=x,oci-artifact=', 'not-supported-yet'],
  ['type=oci,dest=x,compatibility-version=20', 'not-supported-yet'],
])('%j is refused: %s', (text, code) => {
  expect(() => parseOutput(text)).toThrow(expect.objectContaining({ code }));
});
