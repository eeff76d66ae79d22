import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inject, test } from 'vitest';
import { CliRig } from '../rig/cli.ts';

const SCRATCH = 'FROM scratch\nCOPY a /a\nCOPY b /b\n';

test('--report x.md says what the build did', async () => {
  await using rig = CliRig.setup();
  rig.write({ Dockerfile: SCRATCH, a: '1', b: '2' });
  await rig.built(['-t', 'app:1']);
  rig.write({ b: '3' });
  const built = await rig.built(['-t', 'app:1', '--report', 'page.md']);
  const page = readFileSync(join(rig.dir, 'page.md'), 'utf8');
  assert.match(page, /^### ✅ tsbuild: <code>app:1<\/code> built in /);
  assert.ok(page.includes(`| digest | <code>${built.report.image?.digest ?? ''}</code> |`));
  assert.match(page, /^\| <code>\[2\/2\] COPY b \/b<\/code> \| 🔨 miss \| <code>b changed \(content\)<\/code> \| /m);
  assert.match(page, /<details><summary>1 hit/);
  assert.deepEqual(rig.leftovers().sort(), ['app-1.tar', 'page.md']);
});

test('the job summary gets a page of every build, of one that failed too', async () => {
  await using rig = CliRig.setup();
  const file = join(rig.dir, 'report-summary');
  const env = { GITHUB_STEP_SUMMARY: file };
  rig.write({ Dockerfile: SCRATCH, a: '1', b: '2' });
  writeFileSync(file, 'what another step wrote\n');
  await rig.built(['-t', 'app:1'], { env });
  rig.write({ Dockerfile: 'FROM scratch\nCOPY missing /\n' });
  assert.equal((await rig.build([], { env })).code, 1);
  rig.write({ Dockerfile: 'FROM scratch\nCOPPY a /\n' });
  assert.equal((await rig.build([], { env })).code, 1);
  const text = readFileSync(file, 'utf8');
  assert.match(text, /^what another step wrote\n\n### ✅ tsbuild: <code>app:1<\/code> built/);
  assert.equal(text.match(/^### ❌ tsbuild failed/gm)?.length, 2);
  assert.match(text, /\*\*Error:\*\* <code>.*missing.*<\/code> \[<code>copy-source-missing<\/code>\]/);
});

test('a job summary that cannot be written, or is full, is a warning', async () => {
  await using rig = CliRig.setup();
  rig.write({ Dockerfile: SCRATCH, a: '1', b: '2' });
  const directory = join(rig.dir, 'report-dir');
  mkdirSync(directory);
  const full = join(rig.dir, 'report-full');
  writeFileSync(full, Buffer.alloc(1024 * 1024 - 100, 'x'));
  for (const [file, why] of [
    [directory, 'cannot be written: EISDIR'],
    [join(directory, 'no', 'where'), 'cannot be written: ENOENT'],
    [full, 'is full'],
  ] as const) {
    const { stderr } = await rig.built([], { env: { GITHUB_STEP_SUMMARY: file } });
    assert.match(stderr, new RegExp(`^WARNING: the job summary ${why}`, 'm'));
  }
  assert.equal(readFileSync(full).length, 1024 * 1024 - 100);
});

test('the report and the page of a RUN that failed hold no secret', async () => {
  await using rig = CliRig.setup(inject('baseRoot'));
  rig.write({
    Dockerfile: 'FROM busybox\nRUN --mount=type=secret,id=t cat /run/secrets/t; cat /run/secrets/t >&2; exit 3\n',
  });
  const env = { T: 'correct-horse-battery', GITHUB_STEP_SUMMARY: join(rig.dir, 'report-summary') };
  const { code, report } = await rig.build(['--secret', 'id=t,env=T', '--report', 'page.md'], { env });
  assert.equal(code, 1);
  const page = readFileSync(join(rig.dir, 'page.md'), 'utf8');
  assert.match(page, /❌ \*\*failed\*\* \| <code>.*exit code: 3/);
  assert.match(page, /<pre>(\*\*\*\n?)+<\/pre>/);
  assert.equal(readFileSync(env.GITHUB_STEP_SUMMARY, 'utf8'), page);
  for (const text of [JSON.stringify(report), page]) assert.ok(!text.includes(env.T), text);
});

test('a report of another form is refused before anything is built', async () => {
  await using rig = CliRig.setup();
  rig.write({ Dockerfile: SCRATCH });
  const { code, stderr } = await rig.tsbuild(['--report', 'x.html', rig.context]);
  assert.equal(code, 2);
  assert.match(stderr, /hint: name it FILE\.json or FILE\.md/);
});

test('a file that only ever causes misses is hinted at, on the terminal, in the report and on the page', async () => {
  await using rig = CliRig.setup();
  rig.write({ Dockerfile: 'FROM scratch\nCOPY app /app\n', 'app/a': '1', 'app/logs/x.log': '0' });
  const hint = 'add **/*.log to .dockerignore: it caused 3 of your last 4 misses';
  await rig.built();
  for (const text of ['1', '2']) {
    rig.write({ 'app/logs/x.log': text });
    assert.ok(!(await rig.built()).stderr.includes('hint:'));
  }
  await rig.built();
  // The first build of all was a miss, too.
  rig.write({ 'app/logs/x.log': '3' });
  const told = await rig.built(['--report', 'page.md']);
  assert.deepEqual((told.report as unknown as { hints: string[] }).hints, [hint]);
  assert.ok(told.stderr.includes(` hint: ${hint}\n`));
  assert.match(readFileSync(join(rig.dir, 'page.md'), 'utf8'), /\*\*Hint:\*\* <code>add /);
  assert.ok((await rig.tsbuild(['history', 'show'])).stdout.includes(` hint: add **/*.log`));
  rig.write({ '.dockerignore': '**/*.log\n' });
  assert.ok(!(await rig.built()).stderr.includes('hint:'));
});
