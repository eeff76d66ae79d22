import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Kept, RunReply, RunRequest } from '../../src/worker/protocol.ts';
import { failedSteps } from '../rig/failed-steps.ts';
import { WorkerRig } from './rig.ts';

const VALUE = Buffer.from('correct-horse-battery').toString('base64');

function keptID(reply: RunReply): string {
  const kept: Kept | undefined = reply.kept;
  if (kept === undefined || !('id' in kept)) throw new Error(`not kept: ${JSON.stringify(reply)}`);
  return kept.id;
}

const withSecret: Partial<RunRequest> = {
  mounts: [{ type: 'file', content: VALUE, target: '/run/secrets/t', mode: 0o400, uid: 0, gid: 0 }],
  secrets: [{ id: 't', value: VALUE }],
};

test('a failed RUN leaves its upper directory and all that it was started with, but for secrets', async () => {
  await using rig = await WorkerRig.setup();
  const base = rig.busybox();
  const request = rig.request([base], 'echo half > /made; rm /etc/group; exit 7', {
    ...withSecret,
    name: '[2/2] RUN x',
  });
  const worker = await rig.worker();
  const options = { signal: new AbortController().signal, onOutput: () => undefined };
  const process = { ...request.process, privateEnv: ['TOKEN=correct-horse-battery'] };
  const id = keptID(await worker.run({ ...request, process }, options));
  expect(id).toMatch(/^f-[0-9a-f]{6}$/);
  const dir = join(rig.root, 'failed', id);
  expect(readFileSync(join(dir, 'upper/made'), 'utf8')).toBe('half\n');
  expect(lstatSync(join(dir, 'upper/etc/group')).isCharacterDevice()).toBe(true);
  const [step] = failedSteps(rig.root);
  expect(step).toMatchObject({ id, sizeBytes: 5 });
  expect(step?.record).toMatchObject({
    ...{ exitCode: 7, step: '[2/2] RUN x', stack: [base], privateEnv: ['TOKEN'], secrets: ['t'] },
    process: { argv: request.process.argv, cwd: '/', user: '' },
    mounts: [{ type: 'file', target: '/run/secrets/t', mode: 0o400 }],
  });
  const text = readFileSync(join(dir, 'record.json'), 'utf8');
  for (const secret of [VALUE, 'correct-horse']) expect(text).not.toContain(secret);
});

test('what holds a secret is not kept, and neither is a RUN that went well or was cancelled', async () => {
  await using rig = await WorkerRig.setup();
  const base = rig.busybox();
  const leaked = await rig.run([base], 'cat /run/secrets/t > /x; false', withSecret);
  expect(leaked).toMatchObject({ kept: { reason: 'it holds a secret' } });
  expect(await rig.run([base], 'true')).not.toHaveProperty('kept');
  const controller = new AbortController();
  const onOutput = (): void => controller.abort();
  const cancelled = await rig.runWith([base], 'echo; sleep 9', { signal: controller.signal, onOutput });
  expect(cancelled).toMatchObject({ outcome: 'killed' });
  expect(failedSteps(rig.root)).toEqual([]);
  const late = await rig.run([base], 'touch /late; sleep 9', { limits: { timeoutMs: 300 } });
  expect(existsSync(join(rig.root, 'failed', keptID(late), 'upper/late'))).toBe(true);
  expect(readdirSync(join(rig.root, 'tmp')).filter((name) => name.endsWith('-failed'))).toEqual([]);
});

test('the oldest go beyond a number and a size; what nobody can read goes first', async () => {
  await using rig = await WorkerRig.setup();
  const base = rig.busybox();
  const first = keptID(await rig.run([base], 'false'));
  mkdirSync(join(rig.root, 'failed/f-broken'));
  const later: string[] = [];
  for (let count = 0; count < 8; count += 1) later.push(keptID(await rig.run([base], 'false')));
  expect(failedSteps(rig.root).map(({ id }) => id)).toEqual(later.toReversed());
  expect(existsSync(join(rig.root, 'failed', first))).toBe(false);
  const file = join(rig.root, 'failed', later[6] ?? '', 'record.json');
  writeFileSync(file, readFileSync(file, 'utf8').replace('"sizeBytes":0', '"sizeBytes":1073741824'));
  const large = keptID(await rig.run([base], 'echo 12345 > /x; false'));
  expect(failedSteps(rig.root).map(({ id }) => id)).toEqual([large, later[7]]);
  const worker = await rig.worker();
  await worker.remove([`failed/${large}`]);
  expect(failedSteps(rig.root).map(({ id }) => id)).toEqual([later[7]]);
});

test('too much to keep is said', async () => {
  await using rig = await WorkerRig.setup();
  const ran = await rig.run([rig.busybox()], 'dd if=/dev/zero of=/big bs=1 count=1 seek=1200000000 2>/dev/null; false');
  expect(ran).toMatchObject({ kept: { reason: 'more than 1024 MiB' } });
});
