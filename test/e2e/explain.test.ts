import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { CliRig, step } from '../rig/cli.ts';

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
  assert.deepEqual([missed.report.result, step(missed.report, 'COPY b').status], ['failed', 'failed']);
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
