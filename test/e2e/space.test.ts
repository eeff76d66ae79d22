import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, inject, test } from 'vitest';
import { makeBases } from '../rig/bases.ts';
import { CliRig, step, until } from '../rig/cli.ts';

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

test('prune removes what no image needs; a step whose layer went runs again, or is a hit where nobody asks for it', async () => {
  await using rig = await withBusybox();
  rig.write({
    Dockerfile: `
      FROM busybox AS one
      RUN seq 1 50000 > /numbers; seq 1 60000 > /more
      FROM busybox
      COPY --from=one /numbers /numbers
    `,
  });
  const built = await rig.built(['-t', 'app:1']);
  const before = await usage(rig);
  const would = await rig.tsbuild(['prune', '--dry-run']);
  assert.match(would.stdout, /would free [\d.]+ [kM]B\n$/);
  assert.equal((await usage(rig)).bytes, before.bytes);
  const pruned = await rig.tsbuild(['prune', '--filter', 'type=layer', '--format', 'json']);
  assert.equal(pruned.code, 0, pruned.stderr);
  const { items } = JSON.parse(pruned.stdout) as { items: readonly { type: string; bytes: number }[] };
  assert.deepEqual([...new Set(items.map(({ type }) => type))], ['layer']);
  assert.ok((await usage(rig)).bytes < before.bytes);
  const again = await rig.built(['-t', 'app:1']);
  assert.equal(again.report.image?.digest, built.report.image?.digest);
  assert.equal(again.report.summary.hits, again.report.summary.steps);

  assert.equal((await rig.tsbuild(['prune', '--all', '--filter', 'type=layer'])).code, 0);
  const { report } = await rig.build(['--target', 'one', '-o', `type=tar,dest=${rig.dir}/one.tar`]);
  assert.notEqual(report?.result, undefined);
  assert.equal(diskUsage(rig.root), (await usage(rig)).bytes);
});

test('words that prune does not know are refused', async () => {
  await using rig = CliRig.setup();
  for (const words of [['x'], ['--filter', 'label=x'], ['--filter', 'until=soon'], ['--filter', 'type=dog']]) {
    const { code, stderr } = await rig.tsbuild(['prune', ...words]);
    assert.equal(code, 2, words.join(' '));
    assert.match(stderr, /\[usage\]/);
  }
});

test('after a build the root takes no more than it may; what costs least goes, and is made again', async () => {
  await using rig = await withBusybox();
  rig.write({
    Dockerfile: `
      FROM busybox
      COPY data /data
      RUN sleep 0.3; seq 1 300000 > /dear
      RUN seq 300000 1 > /cheap
    `,
    data: 'x'.repeat(3_000_000),
  });
  const free = await rig.built(['-t', 'app:1']);
  const full = (await usage(rig)).bytes;
  assert.equal(full, diskUsage(rig.root));
  const max = full - 1_000_000;
  const capped = await rig.built(['-t', 'app:1', '--cache-max', String(max)]);
  assert.equal(capped.report.image?.digest, free.report.image?.digest);
  assert.ok(diskUsage(rig.root) <= max);
  const again = await rig.built(['-t', 'app:1'], { env: { TSBUILD_CACHE_MAX: '1' } });
  assert.equal(again.report.result, 'built');
  assert.match(again.stderr, /WARNING: .*app:1.* went to keep the cache below/);
  const left = (await usage(rig)).kinds.filter(({ kind }) => kind !== 'other' && kind !== 'records');
  assert.ok(left.reduce((sum, { bytes }) => sum + bytes, 0) < 100_000, JSON.stringify(left));
  assert.equal((await rig.build(['--cache-max', 'much'])).code, 2);
});

describe('the cap holds after a build that', () => {
  const cap = ['--cache-max', '1MB'];
  const data = 'x'.repeat(3_000_000);
  const layersOf = (rig: CliRig): string => join(rig.root, 'layers/v1');

  test('failed', async () => {
    await using rig = CliRig.setup();
    rig.write({ Dockerfile: 'FROM scratch\nCOPY data /data\nCOPY missing /missing\n', data });
    const { code, stderr } = await rig.build(cap);
    assert.equal(code, 1);
    assert.match(stderr, /\[copy-source-missing\]/);
    assert.ok(diskUsage(rig.root) <= 1_000_000, String(diskUsage(rig.root)));
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('was ended by %s', async (signal) => {
    await using rig = CliRig.setup();
    const server = createServer();
    const asked = once(server, 'request');
    await once(server.listen(0, '127.0.0.1'), 'listening');
    try {
      const { port } = server.address() as AddressInfo;
      rig.write({
        Dockerfile: `FROM scratch\nCOPY data /data\nADD http://127.0.0.1:${String(port)}/never /never\n`,
        data,
      });
      const { child, finished } = rig.start(['--progress', 'plain', ...cap, rig.context]);
      await asked;
      await until('the layer is there', () => existsSync(layersOf(rig)) && readdirSync(layersOf(rig)).length > 0, {
        withinMs: 30_000,
      });
      child.kill(signal);
      assert.equal((await finished).code, signal === 'SIGINT' ? 130 : 143);
      assert.ok(diskUsage(rig.root) <= 1_000_000, String(diskUsage(rig.root)));
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});

test('cache check finds what was spoiled behind our back, and the next build makes it again', async () => {
  await using rig = CliRig.setup();
  rig.write({ Dockerfile: 'FROM scratch\nCOPY a /a\n', a: 'content' });
  const { report } = await rig.built(['-t', 'app:1']);
  assert.match((await rig.tsbuild(['cache', 'check'])).stdout, /all whole\n$/);
  const layers = join(rig.root, 'layers/v1');
  const tar = join(layers, readdirSync(layers)[0] ?? '', 'tar');
  chmodSync(tar, 0o600);
  writeFileSync(tar, readFileSync(tar).fill(0x41, 600, 610));
  const found = await rig.tsbuild(['cache', 'check', '--format', 'json']);
  assert.equal(found.code, 1);
  const { damages } = JSON.parse(found.stdout) as { damages: readonly { kind: string; isMended: boolean }[] };
  assert.deepEqual(
    damages.map(({ kind, isMended }) => [kind, isMended]),
    [['layer', true]],
  );
  assert.equal((await rig.tsbuild(['cache', 'check'])).code, 0);
  const again = await rig.built(['-o', `type=tar,dest=${join(rig.dir, 'a.tar')}`]);
  assert.equal(step(again.report, 'COPY').status, 'miss');
  assert.equal(step(again.report, 'COPY').layer?.diffID, step(report, 'COPY').layer?.diffID);
});

test('du lists what failed RUNs left, by the ids of their errors, and prune takes that first', async () => {
  await using rig = await withBusybox();
  rig.write({ Dockerfile: 'FROM busybox\nRUN seq 1 100000 > /half; exit 3\n' });
  const { stderr } = await rig.build();
  const [, id = ''] = /kept as (f-[0-9a-f]{6})/.exec(stderr) ?? [];
  const { failures } = JSON.parse((await rig.tsbuild(['du', '--format', 'json'])).stdout) as { failures: object[] };
  assert.equal(failures.length, 1);
  const { bytes, atMs, ...rest } = failures[0] as { bytes: number; atMs: number };
  assert.deepEqual(rest, { id, step: '[2/2] RUN seq 1 100000 > /half; exit 3', exitCode: 3 });
  assert.ok(bytes > 500_000 && atMs > 0);
  const text = (await rig.tsbuild(['du'])).stdout;
  assert.match(
    text,
    new RegExp(`\\nfailed RUNs\\n +[\\d.]+ kB  ${id}  \\[2/2\\] RUN seq .*  \\(exit code 3, just now\\)\\n`),
  );
  await rig.tsbuild(['prune', '--max-used-space', String((await usage(rig)).bytes - 1)]);
  assert.doesNotMatch((await rig.tsbuild(['du'])).stdout, /failed RUNs/);
  assert.ok((await usage(rig)).kinds.some(({ kind, bytes }) => kind === 'tars' && bytes > 0));
});
