import { expect, inject, test } from 'vitest';
import { CliRig } from '../rig/cli.ts';

test('eight stages of a second each, joined by COPY --from, take less than 2.5 s', async () => {
  await using rig = CliRig.setup(inject('baseRoot'));
  const names = Array.from({ length: 8 }, (_, index) => `part${String(index)}`);
  const stages = names.map((name) => `FROM busybox AS ${name}\nRUN sleep 1 && echo ${name} > /${name}\n`);
  const copies = names.map((name) => `COPY --from=${name} /${name} /\n`);
  // The base is unpacked once before: the limit is about steps that run beside each other.
  rig.write({ Dockerfile: 'FROM busybox\nRUN true\n' });
  await rig.built();
  rig.write({ Dockerfile: `${stages.join('')}FROM busybox\n${copies.join('')}` });
  const { report } = await rig.built();
  expect(report.summary.misses).toBe(16);
  expect(report.durationMs).toBeLessThan(2_500);
});
