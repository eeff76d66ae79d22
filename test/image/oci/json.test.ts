import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { digestOf } from '../../../cache/index.ts';
import { BuildError } from '../../../src/errors.ts';
import {
  type ImageConfig,
  MEDIA,
  manifestKind,
  parseConfig,
  parseIndex,
  parseManifest,
  renderConfig,
  renderManifest,
} from '../../../src/image/oci/index.ts';

const digest = digestOf('x');

test('a config is compact, its keys in order, without what is empty', () => {
  const config: ImageConfig = {
    os: 'linux',
    rootfs: { diff_ids: [], type: 'layers' },
    variant: '',
    architecture: 'amd64',
    history: [
      {
        comment: 'buildkit.dockerfile.v0',
        created_by: 'CMD ["a"]',
        created: '1970-01-01T00:00:00Z',
        empty_layer: true,
      },
    ],
    created: '1970-01-01T00:00:00Z',
    config: { Labels: { b: '2', a: '1' }, Env: ['B=1', 'A=2'], Cmd: null, User: '', ExposedPorts: { '80/tcp': {} } },
  };
  expect(renderConfig(config).toString()).toBe(
    '{"architecture":"amd64","config":{"ExposedPorts":{"80/tcp":{}},"Env":["B=1","A=2"],"Labels":{"a":"1","b":"2"}},' +
      '"created":"1970-01-01T00:00:00Z","history":[{"created":"1970-01-01T00:00:00Z","created_by":"CMD [\\"a\\"]",' +
      '"comment":"buildkit.dockerfile.v0","empty_layer":true}],"os":"linux","rootfs":{"type":"layers","diff_ids":[]}}',
  );
});

test('parse ∘ render is the identity on what was parsed, and render on what was rendered', () => {
  const texts = fc.option(fc.array(fc.string(), { minLength: 1 }), { nil: undefined });
  const map = fc.option(fc.dictionary(fc.string({ minLength: 1 }), fc.string(), { minKeys: 1 }), { nil: undefined });
  const config = fc.record({
    Env: texts,
    Cmd: texts,
    Labels: map,
    OnBuild: texts,
    WorkingDir: fc.string(),
    ArgsEscaped: fc.boolean(),
  });
  fc.assert(
    fc.property(config, (inner) => {
      const bytes = renderConfig({
        architecture: 'amd64',
        os: 'linux',
        config: inner,
        rootfs: { type: 'layers', diff_ids: [digest] },
      });
      const parsed = parseConfig(bytes);
      expect(renderConfig(parsed)).toEqual(bytes);
      expect(parseConfig(renderConfig(parsed))).toEqual(parsed);
    }),
  );
});

test('a config as old Dockers wrote it: nulls, unknown fields, no history', () => {
  const text = `{"architecture":"amd64","os":"linux","container":"abc","docker_version":"1.9","config":{"Hostname":"x","Cmd":null,"Volumes":null,"Labels":null,"Env":["A=1"]},"rootfs":{"type":"layers","diff_ids":["${digest}"]}}`;
  expect(parseConfig(Buffer.from(text))).toEqual({
    architecture: 'amd64',
    os: 'linux',
    config: { Env: ['A=1'] },
    rootfs: { type: 'layers', diff_ids: [digest] },
  });
});

test('a manifest is indented by two', () => {
  const bytes = renderManifest({
    layers: [],
    config: { size: 2, digest, mediaType: MEDIA.ociConfig },
    mediaType: MEDIA.ociManifest,
    schemaVersion: 2,
  });
  expect(bytes.toString().split('\n').slice(0, 3)).toEqual([
    '{',
    '  "schemaVersion": 2,',
    `  "mediaType": "${MEDIA.ociManifest}",`,
  ]);
  expect(parseManifest(bytes).layers).toEqual([]);
});

test.each([
  ['{}', parseConfig],
  ['{"rootfs":{"diff_ids":["sha256:zz"]}}', parseConfig],
  ['{"rootfs":{"diff_ids":[]},"config":{"Env":"A=1"}}', parseConfig],
  ['{"rootfs":{"diff_ids":[]},"config":[]}', parseConfig],
  ['{"schemaVersion":2,"layers":[]}', parseManifest],
  [`{"schemaVersion":2,"config":{"digest":"${digest}","size":-1},"layers":[]}`, parseManifest],
  [`{"schemaVersion":2,"config":{"digest":"sha256:../x","size":1},"layers":[]}`, parseManifest],
  [`{"schemaVersion":1,"config":{"digest":"${digest}","size":1},"layers":[]}`, parseManifest],
  ['{"schemaVersion":2,"manifests":{}}', parseIndex],
  ['[', parseIndex],
  ['null', parseIndex],
  ['"\\', parseIndex],
  ['['.repeat(100_000), parseIndex],
  [`{"a":${'['.repeat(100)}${']'.repeat(100)}}`, parseIndex],
  [' '.repeat(5 << 20), parseIndex],
])('%.60j is refused', (text, parse) => {
  expect(() => parse(Buffer.from(text))).toThrow(expect.objectContaining({ code: 'image-invalid' }));
});

test('any bytes are parsed or refused as image-invalid', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.json().map((text) => Buffer.from(text)),
        fc.uint8Array(),
      ),
      (bytes) => {
        for (const parse of [parseConfig, parseManifest, parseIndex]) {
          try {
            parse(bytes);
          } catch (error) {
            if (!(error instanceof BuildError) || error.code !== 'image-invalid') throw error;
          }
        }
      },
    ),
  );
});

test.each([
  [{ mediaType: MEDIA.ociIndex, manifests: [] }, 'index'],
  [{ manifests: [] }, 'index'],
  [{ mediaType: MEDIA.dockerManifest, layers: [] }, 'manifest'],
  [{ layers: [] }, 'manifest'],
])('%j is an %s', (object, kind) => {
  expect(manifestKind(Buffer.from(JSON.stringify(object)), 'it')).toBe(kind);
});

test('an image without layers may say so by null, as programs in Go do', () => {
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, config: { digest, size: 1 }, layers: null }));
  expect(manifestKind(bytes, 'it')).toBe('manifest');
  expect(parseManifest(bytes).layers).toEqual([]);
});

test('schema 1, and what is both or neither, are refused', () => {
  for (const object of [{ schemaVersion: 1, layers: [] }, { layers: [], manifests: [] }, {}]) {
    expect(() => manifestKind(Buffer.from(JSON.stringify(object)), 'it')).toThrow(BuildError);
  }
});
