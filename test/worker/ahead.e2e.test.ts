import { existsSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type DiffID, diffIDOf, digestOf, openLayerStore } from '../../cache/index.ts';
import { relPath } from '../../src/util/rel-path.ts';
import type { LowerChoice } from '../../src/worker/protocol.ts';
import { WorkerRig } from './rig.ts';

function hasFile(rig: WorkerRig, diffID: DiffID, name: string): boolean {
  return existsSync(join(openLayerStore(rig.root).dir(diffID), name));
}

test.each([
  { lower: 'auto', name: 'erofs' },
  { lower: 'directory', name: 'fs' },
] satisfies { lower: LowerChoice; name: string }[])(
  '--lower=$lower: a layer that stands alone is ready before the others of its stack are here',
  async ({ lower, name }) => {
    await using rig = await WorkerRig.setup(lower);
    const base = rig.busybox();
    const worker = await rig.worker();
    await worker.makeAhead(base);
    expect(hasFile(rig, base, name)).toBe(true);
    const app = rig.layer([{ path: relPath('etc/deep/motd'), type: 'file', content: 'hello' }]);
    await worker.makeAhead(app);
    expect(hasFile(rig, app, name)).toBe(false);
    expect(await rig.run([base, app], 'cat /etc/deep/motd')).toMatchObject({ exitCode: 0, stdout: 'hello' });
    expect(rig.warnings).toEqual([]);
  },
);

test('a layer that is not here, or is damaged, is the affair of the RUN', async () => {
  await using rig = await WorkerRig.setup();
  const base = rig.busybox();
  const damaged = rig.layer([{ path: relPath('f'), type: 'file', content: 'hello' }]);
  truncateSync(openLayerStore(rig.root).tarPath(damaged), 600);
  const worker = await rig.worker();
  await worker.makeAhead(diffIDOf(digestOf('elsewhere')));
  await worker.makeAhead(damaged);
  expect(await rig.run([base], 'true')).toMatchObject({ exitCode: 0 });
  await expect(rig.run([base, damaged], 'true')).rejects.toMatchObject({ code: 'layer-damaged' });
});
