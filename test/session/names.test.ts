import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type BuildEvent, buildImage, type ImageOptions } from '../../src/index.ts';

function rig() {
  const dir = mkdtempSync(join(tmpdir(), 'tsbuild-names-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const events: BuildEvent[] = [];
  const build = (dockerfile: string, options: Partial<ImageOptions>) => {
    writeFileSync(join(dir, 'Dockerfile'), dockerfile);
    return buildImage(
      { cwd: dir, context: dir, rootDir: join(dir, 'root'), pull: 'never', ...options },
      { signal: new AbortController().signal, onEvent: (event) => events.push(event) },
    );
  };
  return { dir, events, build };
}

const EMPTY = 'FROM scratch\nWORKDIR /a\n';

describe('names of an image', () => {
  test('one that is none is refused before anything is built', async () => {
    const { build, events } = rig();
    await expect(build(EMPTY, { tags: ['fine', 'Bad:1'] })).rejects.toMatchObject({ code: 'reference-invalid' });
    expect(events).toEqual([]);
  });

  test('those of an output are names where there is no -t, which takes their place', async () => {
    const { dir, build } = rig();
    const metadataFile = join(dir, 'metadata.json');
    const image = {
      type: 'image',
      dest: '',
      names: ['docker.io/of/output:1', 'docker.io/library/both:latest'],
    } as const;
    const tagged = await build(EMPTY, { tags: ['both'], outputs: [image] });
    expect(tagged.image?.tags).toEqual(['both:latest']);
    const { image: made } = await build(EMPTY, { outputs: [image], metadataFile });
    expect(made?.tags).toEqual(['of/output:1', 'both:latest']);
    const [os, architecture] = made?.platform.split('/') ?? [];
    expect(JSON.parse(readFileSync(metadataFile, 'utf8'))).toEqual({
      'containerimage.config.digest': made?.configDigest,
      'containerimage.descriptor': {
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        digest: made?.digest,
        size: expect.any(Number),
        platform: { architecture, os },
        annotations: { 'org.opencontainers.image.created': expect.stringMatching(/^\d{4}-/) },
      },
      'containerimage.digest': made?.digest,
      'image.name': 'docker.io/of/output:1,docker.io/library/both:latest',
    });
    await build('FROM of/output:1\nWORKDIR /b\n', { tags: ['next'], outputs: [] });
  });
});

test('the metadata has what checks found where that is asked for', async () => {
  const { dir, build } = rig();
  const metadataFile = join(dir, 'metadata.json');
  const metadata = async (dockerfile: string, hasMetadataWarnings: boolean) => {
    await build(dockerfile, { metadataFile, hasMetadataWarnings });
    return JSON.parse(readFileSync(metadataFile, 'utf8')) as { 'buildx.build.warnings'?: object[] };
  };
  const found = `${EMPTY}MAINTAINER me\n`;
  expect((await metadata(found, true))['buildx.build.warnings']).toEqual([
    {
      level: 1,
      short: expect.toSatisfy((text: string) => /^MaintainerDeprecated: .* \(line 3\)$/.test(textOf(text))),
      detail: [expect.any(String)],
      url: 'https://docs.docker.com/go/dockerfile/rule/maintainer-deprecated/',
      sourceInfo: { filename: 'Dockerfile', data: Buffer.from(found).toString('base64'), language: 'Dockerfile' },
      range: [{ start: { line: 3 }, end: { line: 3 } }],
    },
  ]);
  expect(await metadata(found, false)).not.toHaveProperty(['buildx.build.warnings']);
  expect(await metadata(EMPTY, true)).not.toHaveProperty(['buildx.build.warnings']);
});

const textOf = (base64: string): string => Buffer.from(base64, 'base64').toString();

test('a build that writes nothing says so', async () => {
  const { build, events } = rig();
  await build(EMPTY, {});
  expect(events).toContainEqual(
    expect.objectContaining({ type: 'notice', message: expect.stringContaining('-t NAME') }),
  );
});

test('a directory is not written where a file is, which is told before anything is built', async () => {
  const { dir, build, events } = rig();
  const dest = join(dir, 'file');
  writeFileSync(dest, '');
  for (const output of [{ type: 'local', dest } as const, { type: 'oci', dest, tar: false } as const])
    await expect(build(EMPTY, { outputs: [output] })).rejects.toMatchObject({
      code: 'output-failed',
      message: `cannot write ${dest}: it is not a directory`,
    });
  expect(events).toEqual([]);
});
