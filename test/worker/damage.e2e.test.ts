import { chmodSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type DiffID, openLayerStore } from '../../cache/index.ts';
import { dir, file, WorkerRig } from './rig.ts';

const LOWERS = ['erofs', 'directory', 'copy'] as const;

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 0x40, at);
  chmodSync(path, 0o644);
  writeFileSync(path, bytes);
}

/** The clock of a file system may stand still for some milliseconds; damage does not come that soon. */
function touchUntilLater(tar: string, toc: string): void {
  const { ctimeNs } = statSync(toc, { bigint: true });
  while (statSync(tar, { bigint: true }).ctimeNs <= ctimeNs) chmodSync(tar, 0o444);
}

/** Damages that a tar may take, each of a byte that belongs to a file's content. */
const DAMAGES = {
  'a flipped byte': (tar: string) => flip(tar, readFileSync(tar).indexOf('the content')),
  'its end cut off': (tar: string) => truncateSync(tar, 600),
} as const;

test.each(LOWERS.flatMap((lower) => Object.entries(DAMAGES).map(([name, damage]) => [lower, name, damage] as const)))(
  'under %s, a tar with %s is found before anything is mounted',
  async (lower, _, damage) => {
    await using rig = await WorkerRig.setup(lower);
    const base = rig.busybox();
    const data = rig.layer([dir('d'), file('d/f', 'the content')]);
    const store = openLayerStore(rig.root);
    damage(store.tarPath(data));
    touchUntilLater(store.tarPath(data), store.tocPath(data));
    await expect(rig.run([base, data], 'cat /d/f')).rejects.toMatchObject({ code: 'layer-damaged' });
    expect(store.has(data)).toBe(false);
    expect(store.has(base)).toBe(true);
    expect(await rig.run([base], 'true')).toMatchObject({ exitCode: 0 });
  },
);

test.each(LOWERS.flatMap((lower) => [[lower, 10] as const, [lower, 40] as const, [lower, -10] as const]))(
  'under %s, a table of contents with a flipped byte (%i) is found before anything is mounted',
  async (lower, at) => {
    await using rig = await WorkerRig.setup(lower);
    const stack = [rig.busybox(), rig.layer([dir('d'), file('d/f', 'the content')])];
    const store = openLayerStore(rig.root);
    const toc = store.tocPath(stack[1] as DiffID);
    flip(toc, at < 0 ? statSync(toc).size + at : at);
    await expect(rig.run(stack, 'cat /d/f')).rejects.toMatchObject({ code: 'layer-damaged' });
    expect(store.has(stack[1] as DiffID)).toBe(false);
    expect(await rig.run(stack.slice(0, 1), 'true')).toMatchObject({ exitCode: 0 });
  },
);

test.each(['tar', 'erofs'])('a layer whose %s is written to while a RUN reads it makes no layer', async (name) => {
  await using rig = await WorkerRig.setup('erofs');
  const stack = [rig.busybox(), rig.layer([dir('d'), file('d/f', 'the content')])];
  const store = openLayerStore(rig.root);
  const path = join(store.dir(stack[1] as DiffID), name);
  const layers = readdirSync(join(rig.root, 'layers/v1')).length;
  const command = 'echo x; while [ ! -e /ready/now ]; do sleep 0.05; done; cat /d/f > /copy';
  const running = rig.runWith(stack, command, {
    more: { mounts: [{ type: 'host', source: rig.dir, target: '/ready', readOnly: true }] },
    onOutput: () => {
      const bytes = readFileSync(path);
      flip(path, name === 'tar' ? bytes.indexOf('the content') : bytes.length - 600);
      writeFileSync(join(rig.dir, 'now'), '');
    },
  });
  await expect(running).rejects.toMatchObject({ code: 'layer-damaged' });
  expect(readdirSync(join(rig.root, 'layers/v1'))).toHaveLength(layers);
  if (name === 'tar') return;
  expect(await rig.run(stack, 'cat /d/f')).toMatchObject({ stdout: 'the content', exitCode: 0 });
});

test.each([
  ['flipped bytes', (path: string) => flip(path, 2000)],
  ['its end cut off', (path: string) => truncateSync(path, statSync(path).size - 512)],
  ['nothing in it', (path: string) => truncateSync(path, 0)],
])('an EROFS image with %s is made again before it is mounted', async (_, damage) => {
  await using rig = await WorkerRig.setup('erofs');
  const stack = [rig.busybox(), rig.layer([dir('d'), file('d/f', 'the content')])];
  const image = join(openLayerStore(rig.root).dir(stack[1] as DiffID), 'erofs');
  expect(await rig.run(stack, 'cat /d/f')).toMatchObject({ stdout: 'the content' });
  const whole = readFileSync(image);
  chmodSync(image, 0o644);
  damage(image);
  await using other = await rig.start();
  const said: string[] = [];
  const reply = await other.run(rig.request(stack, 'cat /d/f'), {
    signal: new AbortController().signal,
    onOutput: (_stream, data) => void said.push(Buffer.from(data).toString()),
  });
  expect(reply).toMatchObject({ exitCode: 0 });
  expect(said.join('')).toBe('the content');
  expect(readFileSync(image).equals(whole)).toBe(true);
  expect(rig.warnings.join()).toContain('is damaged; it is made again');
});

test('a tar that is cut off while it is mounted is an error of the RUN that reads it, and no layer', async () => {
  await using rig = await WorkerRig.setup('erofs');
  const content = Buffer.alloc(4 << 20, 'content');
  const stack = [rig.busybox(), rig.layer([file('big', '', { content }), file('small', 'x')])];
  expect(await rig.run(stack, 'cat /small')).toMatchObject({ stdout: 'x' });
  const tar = openLayerStore(rig.root).tarPath(stack[1] as DiffID);
  const running = rig.runWith(stack, 'cat /small; while [ ! -e /ready/now ]; do sleep 0.05; done; cat /big > /copy', {
    more: { mounts: [{ type: 'host', source: rig.dir, target: '/ready', readOnly: true }] },
    onOutput: (said) => {
      if (!said.includes('x')) return;
      truncateSync(tar, 1 << 20);
      writeFileSync(join(rig.dir, 'now'), '');
    },
  });
  expect(await running).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/Input\/output error|I\/O error/) });
});
