import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CliRig, output } from '../rig/cli.ts';

const LAYERS = 40;

test('a base of forty layers is taken in from a layout: more waits on one signal than Node thinks well of', async () => {
  await using rig = CliRig.setup();
  const copies = Array.from({ length: LAYERS }, (_, n) => `COPY Dockerfile /${n}`);
  rig.write({ Dockerfile: ['FROM scratch', ...copies, ''].join('\n') });
  const base = await rig.built(['-o', 'type=oci,dest=base.tar']);
  const layout = join(rig.dir, 'layout');
  mkdirSync(layout);
  await output(['tar', '-xf', join(rig.dir, 'base.tar'), '-C', layout]);

  rig.write({ Dockerfile: 'FROM base\nCOPY Dockerfile /last\n' });
  rig.root = join(rig.dir, 'root-2');
  const built = await rig.built(['--build-context', `base=oci-layout://${layout}`, '-o', 'type=oci,dest=out.tar']);
  expect([base.report.result, built.report.result]).toEqual(['built', 'built']);
});
