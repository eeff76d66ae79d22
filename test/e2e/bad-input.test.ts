import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import { CliRig } from '../rig/cli.ts';
import { freePort } from '../rig/ports.ts';

interface Case {
  readonly what: string;
  readonly files: Readonly<Record<string, string>>;
  readonly flags?: (rig: CliRig) => readonly string[] | Promise<readonly string[]>;
  readonly exit: 1 | 2;
  readonly code: string;
  /** What the person must be told besides the code. */
  readonly says: readonly RegExp[];
}

const CASES: readonly Case[] = [
  { what: 'no Dockerfile', files: { 'other.txt': '' }, exit: 1, code: 'dockerfile-missing', says: [/Dockerfile/] },
  { what: 'an empty Dockerfile', files: { Dockerfile: '# nothing\n' }, exit: 1, code: 'dockerfile-empty', says: [] },
  {
    what: 'an unknown flag',
    files: { Dockerfile: 'FROM scratch\n' },
    flags: () => ['--no-such-flag'],
    exit: 2,
    code: 'usage',
    says: [/--no-such-flag/],
  },
  {
    what: 'a flag that is not built yet',
    files: { Dockerfile: 'FROM scratch\n' },
    flags: () => ['--cache-to', 'type=local,dest=x'],
    exit: 2,
    code: 'not-supported-yet',
    says: [/--cache-to/],
  },
  {
    what: 'an unknown instruction',
    files: { Dockerfile: 'FROM busybox\nCPOY a /\n' },
    exit: 1,
    code: 'unknown-instruction',
    says: [/Dockerfile:2:1/, /2 \| CPOY a \//, /COPY/],
  },
  {
    what: 'a COPY source that is not there',
    files: { Dockerfile: 'FROM busybox\nCOPY missing.txt /\n' },
    exit: 1,
    code: 'copy-source-missing',
    says: [/Dockerfile:2:/, /missing\.txt/],
  },
  {
    what: 'a COPY source that .dockerignore excludes',
    files: { Dockerfile: 'FROM busybox\nCOPY dist/ /app/\n', '.dockerignore': '*.log\ndist/\n', 'dist/a.js': 'a\n' },
    exit: 1,
    code: 'copy-source-missing',
    says: [/\.dockerignore:2/],
  },
  {
    what: 'an unknown target',
    files: { Dockerfile: 'FROM busybox AS build\n' },
    flags: () => ['--target', 'biuld'],
    exit: 1,
    code: 'stage-unknown',
    says: [/biuld/, /build/],
  },
  {
    what: 'a RUN that fails',
    files: { Dockerfile: 'FROM busybox\nRUN echo the-output && exit 7\n' },
    exit: 1,
    code: 'run-failed',
    says: [/Dockerfile:2:/, /the-output/, /exit(ed with)? (code|status):? ?7|exit code 7|code 7|status 7/],
  },
  {
    what: 'a RUN that makes a path that is longer than Linux takes',
    files: {
      Dockerfile: `
        FROM busybox
        RUN path=$(yes $(printf '%0200d' 0) | head -n 15 | tr '\\n' /); mkdir -p a/$path b/$path && mv b a/$path
        `,
    },
    exit: 1,
    code: 'layer-refused',
    says: [/Dockerfile:2:/, /a path in the image is longer than Linux takes/, /hint: make fewer directories/],
  },
  {
    what: 'a registry that does not answer',
    files: { Dockerfile: 'ARG BASE\nFROM $BASE\n' },
    flags: async () => ['--build-arg', `BASE=127.0.0.1:${String(await freePort())}/app:1`],
    exit: 1,
    code: 'registry-unreachable',
    says: [/127\.0\.0\.1/],
  },
  {
    what: 'something that is no image',
    files: { Dockerfile: 'FROM base\nCOPY Dockerfile /\n' },
    flags: (rig) => {
      const layout = join(rig.root, '..', 'layout');
      mkdirSync(layout, { recursive: true });
      writeFileSync(join(layout, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
      writeFileSync(join(layout, 'index.json'), 'this is not JSON');
      return ['--build-context', `base=oci-layout://${layout}`];
    },
    exit: 1,
    code: 'image-invalid',
    says: [/layout/],
  },
  {
    what: 'an output that cannot be written',
    files: { Dockerfile: 'FROM busybox\nCOPY Dockerfile /\n' },
    flags: (rig) => ['-o', `type=oci,dest=${join(rig.dir, 'no-such-directory', 'image.tar')}`],
    exit: 1,
    code: 'output-failed',
    says: [/no-such-directory/],
  },
  {
    what: 'a secret file that is not there',
    files: { Dockerfile: 'FROM busybox\n' },
    flags: () => ['--secret', 'id=x,src=nowhere'],
    exit: 1,
    code: 'secret-missing',
    says: [/nowhere/],
  },
];

describe('bad input', () => {
  test.each(CASES)('$what: exit $exit, $code', async ({ files, flags, exit, code, says }) => {
    await using rig = CliRig.setup(inject('baseRoot'));
    rig.write(files);
    const given = (await flags?.(rig)) ?? [];
    const built = await rig.build(['-t', 'bad:1', ...given]);
    expect(built.stderr).toContain(`[${code}]`);
    for (const pattern of says) expect(built.stderr).toMatch(pattern);
    expect(built.stderr).not.toMatch(/^\s+at .*:\d+:\d+/m);
    expect(built.stderr).not.toContain('internal error');
    expect(built.code).toBe(exit);
    expect(built.stdout).toBe('');
    expect(rig.leftovers(), 'nothing half written').toEqual([]);
    expect(temporaries(rig.root), 'no temporary file stays').toEqual([]);
  });

  test('a context that is not there', async () => {
    await using rig = CliRig.setup(inject('baseRoot'));
    const built = await rig.tsbuild(['-t', 'bad:1', join(rig.dir, 'nowhere')]);
    expect(built.stderr).toContain('[context-missing]');
    expect(built.code).toBe(1);
  });

  test('no context at all', async () => {
    await using rig = CliRig.setup(inject('baseRoot'));
    const built = await rig.tsbuild(['-t', 'bad:1']);
    expect(built.stderr).toContain('[usage]');
    expect(built.code).toBe(2);
  });
});

function temporaries(root: string): string[] {
  try {
    return readdirSync(join(root, 'tmp'));
  } catch {
    return [];
  }
}
