import assert from 'node:assert/strict';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { test } from 'vitest';
import { CliRig, REPOSITORY, step } from '../rig/cli.ts';

const DOCKERFILE = `
  FROM scratch AS files
  COPY a /a
  COPY b /b
  FROM scratch
  COPY --from=files /a /out
`;

test('--fail-on-miss ends the build before the step that misses runs, and says why', async () => {
  await using rig = CliRig.setup();
  rig.write({ Dockerfile: DOCKERFILE, a: '1', b: '1' });
  await rig.built();
  await rig.built(['--fail-on-miss']);
  const layers = readdirSync(join(rig.root, 'layers/v1'));

  rig.write({ b: '2' });
  const missed = await rig.build(['--fail-on-miss']);
  assert.equal(missed.code, 1);
  assert.match(missed.stderr, /\[files 2\/2\] COPY b \/b would miss: b changed \(content\) \[would-miss\]/);
  assert.match(missed.stderr, /hint: tsbuild explain s2 tells everything/);
  assert.ok(missed.report !== undefined);
  const { status, refused } = step(missed.report, 'COPY b');
  assert.deepEqual([missed.report.result, status, refused], ['failed', 'failed', true]);
  assert.deepEqual([missed.report.summary.misses, missed.report.summary.refused], [0, 1]);
  assert.match(missed.stderr, /3 steps: \d hit, 0 ran, 1 refused · /);
  assert.match(
    (await rig.tsbuild(['history', 'show'])).stdout,
    / ✘ \[files 2\/2\] COPY b .* refused +b changed \(content\)$/m,
  );
  assert.deepEqual(readdirSync(join(rig.root, 'layers/v1')), layers);

  assert.equal((await rig.build(['--fail-on-miss=files'])).code, 1);
  await rig.built(['--fail-on-miss=stage-1', '--fail-on-miss=files/1', '--fail-on-miss=COPY a']);
  await rig.built(['--fail-on-miss=files']);
});

test('--fail-on-miss with a name that the build does not have runs nothing', async () => {
  await using rig = CliRig.setup();
  rig.write({ Dockerfile: DOCKERFILE, a: '1', b: '1' });
  const { code, stderr, report } = await rig.build(['--fail-on-miss=flies']);
  assert.equal(code, 1);
  assert.match(stderr, /"flies" is no step and no stage of this build \[step-unknown\]/);
  assert.match(stderr, /hint: did you mean files\? its stages are files, stage-1, its steps s1 to s3;/);
  assert.equal(
    report?.steps.some(({ status }) => status !== 'cancelled'),
    false,
  );
});

interface Explained {
  readonly build: { readonly id: string };
  readonly against?: { readonly id: string };
  readonly steps: readonly {
    readonly id: string;
    readonly reason?: { readonly code: string; readonly changes: readonly object[] };
    readonly found?: {
      readonly material?: { readonly op: string };
      readonly results?: number;
      readonly prunedAt?: number;
    };
    readonly compared?: { readonly same: readonly string[]; readonly other: readonly string[] };
    readonly difference?: { readonly kind: string; readonly reason?: { readonly message: string } };
  }[];
}

test('explain tells of a build, of a step, and of two builds what differs', async () => {
  await using rig = CliRig.setup();
  const none = await rig.tsbuild(['explain']);
  assert.equal(none.code, 1);
  assert.match(none.stderr, /no build is remembered \[build-unknown\]\nhint: build something first/);
  assert.ok(!readdirSync(rig.dir).includes('root'));

  const many = Object.fromEntries(Array.from({ length: 12 }, (_, n) => [`src/f${String(n)}`, '1']));
  rig.write({
    Dockerfile: 'FROM scratch AS files\nCOPY src /src\nFROM scratch\nCOPY --from=files /src /out\n',
    ...many,
  });
  await rig.built();
  rig.write(Object.fromEntries(Object.keys(many).map((path) => [path, '2'])));
  await rig.built();
  await rig.built();
  const explained = async (...words: string[]): Promise<Explained> =>
    JSON.parse((await rig.tsbuild(['explain', '--format', 'json', ...words])).stdout) as Explained;
  const { builds } = JSON.parse((await rig.tsbuild(['history', '--format', 'json'])).stdout) as {
    builds: { id: string }[];
  };
  const [third = '', second = '', first = ''] = builds.map(({ id }) => id);

  const text = await rig.tsbuild(['explain']);
  assert.equal(text.code, 0);
  assert.match(text.stdout, new RegExp(`^ ${third} · just now · built · Dockerfile in\\s`));
  assert.match(text.stdout, /^ s1 {2}hit {2}\[files 1\/1\] COPY src \/src {2}.* same as before/m);

  const missed = await rig.tsbuild(['explain', '--build', second, 'COPY src']);
  assert.equal(missed.stdout.match(/^ {3}src\/f\d+ +content$/gm)?.length, 12);
  const [copy] = (await explained('--build', second, 'files/1')).steps;
  assert.deepEqual([copy?.reason?.code, copy?.reason?.changes.length], ['files-changed', 12]);
  assert.deepEqual(copy?.compared?.other, ['content']);
  assert.deepEqual([copy?.found?.material?.op, copy?.found?.results], ['copy', 1]);

  const against = await explained('--against', first);
  assert.deepEqual([against.build.id, against.against?.id], [third, first]);
  assert.deepEqual(
    against.steps.map(({ difference }) => difference?.kind),
    ['other', 'other'],
  );
  assert.deepEqual(
    (await explained('--build', third, '--against', second)).steps.map(({ difference }) => difference?.kind),
    ['same', 'same'],
  );

  rmSync(join(rig.root, 'records'), { recursive: true });
  assert.deepEqual(Object.keys((await explained('1')).steps[0]?.found ?? {}), ['key', 'createdAt']);
  assert.match((await rig.tsbuild(['explain', '1'])).stdout, /gone {4}it is not in the root any more/);
});

test('explain refuses what it cannot find, and says what there is', async () => {
  await using rig = CliRig.setup();
  rig.write({ Dockerfile: DOCKERFILE, a: '1', b: '1' });
  await rig.built();
  const refused = async (...words: string[]): Promise<readonly [number | null, string]> => {
    const { code, stderr, stdout } = await rig.tsbuild(['explain', ...words]);
    assert.equal(stdout, '');
    return [code, stderr];
  };
  const { builds } = JSON.parse((await rig.tsbuild(['history', '--format', 'json'])).stdout) as {
    builds: { id: string }[];
  };
  for (const [words, code, says] of [
    [['s9'], 1, /"s9" is no step and no stage of this build \[step-unknown\]\nhint: its stages are files, stage-1/],
    [['COPY'], 1, /"COPY" means 3 steps \[step-unknown\]\nhint: name one by its number: s1 \[files 1\/2\] COPY a/],
    [['--build', 'ffff-no'], 1, /no build is called "ffff-no" \[build-unknown\]\nhint: tsbuild history lists/],
    [
      ['--against', builds[0]?.id ?? ''],
      1,
      /is the latest build of Dockerfile in .* \[build-unknown\]\nhint: give --against/,
    ],
    [['a', 'b'], 2, /one step is expected, 2 words were given: a b \[usage\]\nhint: quote/],
    [['--format', 'xml'], 2, /--format "xml" is not understood/],
    [['--nonsense'], 2, /unknown option '--nonsense' \[usage\]\nhint: see tsbuild explain --help/],
  ] as const) {
    const [actual, stderr] = await refused(...words);
    assert.equal(actual, code, stderr);
    assert.match(stderr, says);
  }
  assert.match((await rig.tsbuild(['explain', '--help'])).stdout, /Usage: tsbuild explain \[STEP\] \[options\]/);
});

test('a step whose layer was pruned says how long ago', async () => {
  await using rig = CliRig.setup();
  rig.write({ Dockerfile: 'FROM scratch\nCOPY a /a\n', a: '1' });
  const output = ['-o', `type=tar,dest=${join(rig.dir, 'out.tar')}`];
  await rig.built(output);
  const pruned = await rig.tsbuild(['prune', '--all', '--filter', 'type=layer']);
  assert.equal(pruned.code, 0, pruned.stderr);
  const { report, stderr } = await rig.built(output, { env: later(2 * DAY_MS + HOUR_MS) });
  assert.deepEqual(step(report, 'COPY a').reason, { code: 'pruned', message: 'pruned 2 days ago', changes: [] });
  assert.match(stderr, /COPY a \/a .* miss {3}pruned 2 days ago/);
  const explained = await rig.tsbuild(['explain', '1'], { env: later(5 * DAY_MS) });
  assert.match(explained.stdout, / · 2 days ago · built · /);
  assert.match(explained.stdout, /^ miss {2}pruned 2 days ago \[pruned\]$/m);
});

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A tsbuild whose wall clock is so much later. */
function later(ms: number): Record<string, string> {
  const hook = pathToFileURL(join(REPOSITORY, 'test/rig/shift-clock.mjs')).href;
  return { NODE_OPTIONS: `--import ${hook}`, SHIFT_CLOCK_MS: String(ms) };
}
