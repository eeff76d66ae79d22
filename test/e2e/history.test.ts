import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inject, test } from 'vitest';
import { CliRig } from '../rig/cli.ts';

interface Listed {
  readonly builds: readonly {
    readonly id: string;
    readonly result: string;
    readonly steps: number;
    readonly hits: number;
    readonly tags: readonly string[];
    readonly error?: { readonly code: string };
  }[];
}

test('every build is remembered, and is shown again as it was shown', async () => {
  await using rig = CliRig.setup();
  const none = await rig.tsbuild(['history']);
  assert.deepEqual(none, {
    ...{ code: 0, signal: null, stdout: '' },
    stderr: 'no build is remembered in this state directory\n',
  });
  assert.ok(!readdirSync(rig.dir).includes('root'));
  assert.match((await rig.tsbuild(['histroy'])).stderr, /hint: did you mean the command history\?\n/);

  rig.write({ Dockerfile: 'FROM scratch\nCOPY a /a\nCOPY b /b\n', a: '1', b: '2' });
  await rig.built(['-t', 'app:1']);
  const second = await rig.built(['-t', 'app:1']);
  rig.write({ Dockerfile: 'FROM scratch\nCOPY a /a\nCOPY missing /b\n' });
  assert.equal((await rig.build()).code, 1);

  const { builds } = JSON.parse((await rig.tsbuild(['history', '--format', 'json'])).stdout) as Listed;
  assert.deepEqual(
    builds.map(({ result, hits, tags, error }) => [result, hits, tags.join(), error?.code]),
    [
      ['failed', 1, '', 'copy-source-missing'],
      ['built', 2, 'app:1', undefined],
      ['built', 0, 'app:1', undefined],
    ],
  );
  const text = (await rig.tsbuild(['history'])).stdout.split('\n');
  assert.match(text[1] ?? '', /^\d{8}-\d{9}-[0-9a-f]{4} {2}just now .* built .* 2 of 2 hit .* app:1$/);
  assert.equal((await rig.tsbuild(['history', '--limit', '1'])).stdout.trim().split('\n').length, 1);

  const shown = await rig.tsbuild(['history', 'show', builds[1]?.id ?? '']);
  const [head, ...rows] = shown.stdout.trimEnd().split('\n');
  assert.match(head ?? '', new RegExp(`^ ${builds[1]?.id} · .* · built · Dockerfile in `));
  assert.ok(rows.length >= 4);
  for (const row of rows) assert.ok(second.stderr.includes(row), row);

  rig.write({ Dockerfile: 'FROM scratch\nCOPY a /a\nCOPY missing /b\nCOPY b /b\n' });
  const failed = await rig.build();
  const again = await rig.tsbuild(['history', 'show']);
  assert.match(again.stdout, /· \[3\/3\] COPY b \/b .*not reached/);
  for (const row of again.stdout.trimEnd().split('\n').slice(1, -1)) assert.ok(failed.stderr.includes(row), row);

  const stored = JSON.parse((await rig.tsbuild(['history', 'show', '--format', 'json'])).stdout) as {
    report: object;
    error: object;
  };
  assert.match(JSON.stringify(stored.error), /copy-source-missing/);
  assert.match((await rig.tsbuild(['history', 'show', 'ffff-none'])).stderr, /\[build-unknown\]/);
  assert.equal((await rig.tsbuild(['history', 'list'])).code, 2);
});

test('the stored report is the one that --report wrote', async () => {
  await using rig = CliRig.setup();
  rig.write({ Dockerfile: 'FROM scratch\nCOPY a /a\n', a: '1' });
  const stored = async (): Promise<object> => {
    const { stdout } = await rig.tsbuild(['history', 'show', '--format', 'json']);
    return (JSON.parse(stdout) as { report: object }).report;
  };
  const { report } = await rig.built();
  assert.deepEqual(await stored(), report);
  rig.write({ Dockerfile: 'FROM scratch\nCOPY a /a\nCOPY missing /b\n' });
  const failed = await rig.build();
  assert.equal(failed.code, 1);
  assert.deepEqual(await stored(), failed.report);
  assert.deepEqual(readdirSync(join(rig.root, 'tmp')), []);
});

test('history show --format markdown is the page that --report FILE.md wrote', async () => {
  await using rig = CliRig.setup(inject('baseRoot'));
  rig.write({ Dockerfile: 'FROM busybox\nRUN echo "a | b"; for n in $(seq 30); do echo line $n; done; exit 3\n' });
  const page = join(rig.dir, 'report-page.md');
  assert.equal((await rig.build(['--no-cache', '-t', 'history-page:1', '--report', page])).code, 1);
  // others build in this root, too
  const { builds } = JSON.parse((await rig.tsbuild(['history', '--format', 'json'])).stdout) as Listed;
  const own = builds.find(({ tags }) => tags.includes('history-page:1'));
  const shown = await rig.tsbuild(['history', 'show', own?.id ?? '', '--format', 'markdown']);
  assert.equal(shown.code, 0);
  assert.match(shown.stdout, /<pre>line 11\n(line \d+\n)*line 30<\/pre>/);
  assert.equal(shown.stdout, readFileSync(page, 'utf8'));
  assert.match((await rig.tsbuild(['history', '--format', 'markdown'])).stderr, /it takes text, json$/m);
});
