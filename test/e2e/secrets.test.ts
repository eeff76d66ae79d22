import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { allText } from '../rig/all-text.ts';
import { CliRig } from '../rig/cli.ts';

const VALUE = 'correct-horse-battery';
const SECRET = ['--secret', 'id=token,env=TOKEN'];
const env = { TOKEN: VALUE };

test('a secret that a RUN prints, in pieces too, is masked on the terminal, in the log and in the report', async () => {
  await using rig = CliRig.setup(inject('baseRoot'));
  rig.write({
    Dockerfile: `
      FROM busybox
      RUN --mount=type=secret,id=token,env=TOKEN echo "error: $TOKEN" >&2; echo "one $TOKEN"; printf 'two corr'; sleep 0.2; echo 'ect-horse-battery!'; exit 3
    `,
  });
  for (const progress of ['plain', 'rawjson']) {
    const report = join(rig.dir, `told-${progress}.json`);
    const built = await rig.tsbuild(['--progress', progress, '--report', report, ...SECRET, rig.context], { env });
    expect(built.code).toBe(1);
    const raw = built.stderr.replaceAll(/"data":"([^"]*)"/g, (_, data: string) =>
      Buffer.from(data, 'base64').toString(),
    );
    expect(raw).toContain('one ***');
    expect(raw).toContain('error: ***');
    const log = /([^ \n"]*\.log)/.exec(built.stderr)?.[1] ?? '';
    const logged = readFileSync(log, 'utf8');
    // Two streams have no common order.
    expect(logged.replace('error: ***\n', '')).toContain('one ***\ntwo ***!\n');
    for (const told of [built.stdout, raw, logged, readFileSync(report, 'utf8')]) expect(told).not.toContain(VALUE);
  }
});

test('a layer that holds a secret: a warning that names the file, again when it is cached; an error when asked for', async () => {
  await using rig = CliRig.setup(inject('baseRoot'));
  const run = 'RUN --mount=type=secret,id=token mkdir -p /app && (seq 300000; cat /run/secrets/token) > /app/config';
  rig.write({ Dockerfile: `FROM busybox\n${run}\n` });

  const strict = await rig.build(['--secret-leak=error', ...SECRET], { env });
  expect(strict.code).toBe(1);
  expect(strict.stderr).toContain('[secret-leaked]');
  expect(strict.stderr).toContain('secret token in /app/config');
  expect(strict.stderr).toContain('Dockerfile:2');

  const first = await rig.built(SECRET, { env });
  expect(first.stderr).toContain('holds secret token: /app/config');
  const again = await rig.built(SECRET, { env });
  expect(again.report.summary.misses).toBe(0);
  expect(again.stderr).toContain('holds secret token: /app/config');
  const cached = await rig.build(['--secret-leak=error', ...SECRET], { env });
  expect(cached.code).toBe(1);
  expect(cached.stderr).toContain('[secret-leaked]');
  const off = await rig.built(['--secret-leak=off', ...SECRET], { env });
  expect(off.stderr).not.toContain('holds secret');
});

test('with --secret-leak=error nothing of the layer stays in the root', async () => {
  await using rig = CliRig.setup();
  const { makeBases } = await import('../rig/bases.ts');
  await makeBases(rig.root, ['busybox']);
  rig.write({
    Dockerfile: `
      FROM busybox
      RUN --mount=type=secret,id=token cat /run/secrets/token > /config; echo is-done
    `,
  });
  const strict = await rig.build(['--secret-leak=error', ...SECRET], { env });
  expect(strict.stderr).toContain('[secret-leaked]');
  expect(allText(rig.root)).not.toContain(VALUE);
});
