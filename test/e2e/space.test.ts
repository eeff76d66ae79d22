import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { inject, test } from 'vitest';
import { makeBases } from '../rig/bases.ts';
import { CliRig } from '../rig/cli.ts';

interface Usage {
  readonly bytes: number;
  readonly kinds: readonly { readonly kind: string; readonly bytes: number }[];
  readonly images: readonly { readonly name: string; readonly bytes: number }[];
  readonly dockerfiles: readonly { readonly name: string; readonly stages: readonly { readonly name: string }[] }[];
}

async function usage(rig: CliRig): Promise<Usage> {
  return JSON.parse((await rig.tsbuild(['du', '--format', 'json'])).stdout) as Usage;
}

function diskUsage(dir: string): number {
  return Number(execFileSync('du', ['-s', '--block-size=1', dir], { encoding: 'utf8' }).split('\t')[0]);
}

async function withBusybox(): Promise<CliRig> {
  const rig = CliRig.setup();
  await makeBases(rig.root, ['busybox']);
  return rig;
}

test('du says what du says', async () => {
  assert.ok(inject('baseRoot') !== '');
  await using rig = await withBusybox();
  rig.write({
    Dockerfile: `
      FROM busybox AS one
      RUN --mount=type=cache,target=/c echo 1 > /c/x; seq 1 50000 > /numbers; ln /numbers /again
      FROM busybox
      COPY --from=one /numbers /numbers
      COPY a /a
    `,
    a: '1',
  });
  await rig.built(['-t', 'app:1']);
  const { bytes, kinds, images, dockerfiles } = await usage(rig);
  assert.equal(bytes, diskUsage(rig.root));
  assert.equal(
    kinds.reduce((sum, one) => sum + one.bytes, 0),
    bytes,
  );
  const held = kinds.filter((one) => one.bytes > 0).map(({ kind }) => kind);
  for (const kind of ['tars', 'layers', 'blobs', 'records', 'cache-mounts', 'reports', 'other'])
    assert.ok(held.includes(kind), kind);
  assert.ok(images.some(({ name, bytes: size }) => name.endsWith('app:1') && size > 300_000));
  const own = dockerfiles.find(({ name }) => name.startsWith(rig.context));
  assert.deepEqual(own?.stages.map(({ name }) => name).sort(), ['one', 'stage-1']);
  assert.match((await rig.tsbuild(['du'])).stdout, /^ *[\d.]+ [kM]B {2}in all\n\nby kind\n/);
});
