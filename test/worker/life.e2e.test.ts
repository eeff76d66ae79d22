import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { LowerChoice } from '../../src/worker/protocol.ts';
import { processesWith } from '../rig/traces.ts';
import { drive, WorkerRig } from './rig.ts';

const WAITING = 'echo started; trap "" TERM INT; (sleep 98765 &) ; sleep 98765';

async function until(what: string, holds: () => boolean, withinMs: number): Promise<void> {
  const end = performance.now() + withinMs;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Of RUNs here or elsewhere on the machine. */
function cgroups(): string[] {
  return readdirSync('/sys/fs/cgroup', { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => readdirSync(join('/sys/fs/cgroup', name)).map((one) => join(name, one)))
    .filter((path) => path.includes('/tsbuild-'));
}

test('kill -9 of the front during a RUN leaves no process and no mount', async () => {
  await using rig = await WorkerRig.setup();
  const base = rig.busybox();
  const driver = drive(rig.dir, { root: rig.root, requests: [rig.request([base], WAITING)] });
  await driver.line('stream');
  const { pid } = await driver.line('pid');
  const mountNamespace = readFileSync(`/proc/${String(pid)}/mountinfo`, 'utf8');
  expect(mountNamespace).not.toBe('');
  expect(processesWith('sleep 98765')).not.toEqual([]);
  driver.child.kill('SIGKILL');
  await until(
    'all processes are gone',
    () => processesWith(rig.dir).length === 0 && processesWith('sleep 98765').length === 0,
    1000,
  );
  expect(readFileSync('/proc/mounts', 'utf8')).not.toContain(rig.dir);
  expect(readdirSync(join(rig.root, 'run'))).toEqual([]);
  // The next RUN works, with what was left.
  expect(await rig.run([base], 'true')).toMatchObject({ outcome: 'exited', exitCode: 0 });
});

test('an abort kills everything of its RUN and nothing of another', async () => {
  await using rig = await WorkerRig.setup();
  const base = rig.busybox();
  const already = cgroups();
  const stop = new AbortController();
  const started: (() => void)[] = [];
  const other = rig.runWith([base], 'echo up; while [ ! -e /done/x ]; do sleep 0.05; done; echo fine', {
    more: {
      mounts: [
        { type: 'cache', name: 'n', target: '/done', sharing: 'shared', readOnly: false, mode: 0o777, uid: 0, gid: 0 },
      ],
    },
  });
  const killed = rig.runWith([base], WAITING, { signal: stop.signal, onOutput: () => started[0]?.() });
  await new Promise<void>((resolve) => started.push(resolve));
  const before = performance.now();
  stop.abort();
  expect((await killed).outcome).toBe('killed');
  expect(performance.now() - before).toBeLessThan(2000);
  expect(processesWith('sleep 98765')).toEqual([]);
  const cache = {
    type: 'cache',
    name: 'n',
    target: '/done',
    sharing: 'shared',
    readOnly: false,
    mode: 0o777,
    uid: 0,
    gid: 0,
  } as const;
  await rig.run([base], 'touch /done/x', { mounts: [cache] });
  expect(await other).toMatchObject({ outcome: 'exited', exitCode: 0, stdout: 'up\nfine\n' });
  await until('the cgroups are gone', () => cgroups().every((path) => already.includes(path)), 2000);
});

test('an abort while a RUN waits for a locked cache ends the waiting', async () => {
  await using rig = await WorkerRig.setup();
  const base = rig.busybox();
  const mounts = [
    { type: 'cache', name: 'n', target: '/c', sharing: 'locked', readOnly: false, mode: 0o755, uid: 0, gid: 0 },
  ] as const;
  const [holder, waiter] = [new AbortController(), new AbortController()];
  const started: (() => void)[] = [];
  const held = rig.runWith([base], WAITING, {
    more: { mounts },
    signal: holder.signal,
    onOutput: () => started[0]?.(),
  });
  await new Promise<void>((resolve) => started.push(resolve));
  const waiting = rig.runWith([base], 'true', { more: { mounts }, signal: waiter.signal });
  waiter.abort();
  expect((await waiting).outcome).toBe('killed');
  holder.abort();
  expect((await held).outcome).toBe('killed');
  expect((await rig.runWith([base], 'true', { signal: AbortSignal.abort() })).outcome).toBe('killed');
});

test('a worker that is killed is said to be lost; disposing one ends what runs', async () => {
  await using rig = await WorkerRig.setup();
  const base = rig.busybox();
  const worker = await rig.start();
  const { signal } = new AbortController();
  const running = worker.run(rig.request([base], WAITING), {
    signal,
    onOutput: () => process.kill(worker.pid, 'SIGKILL'),
  });
  await expect(running).rejects.toMatchObject({ code: 'worker-lost' });
  await worker[Symbol.asyncDispose]();
  // The kernel ends what hung on it.
  await until('all processes are gone', () => processesWith('sleep 98765').length === 0, 1000);

  const second = await rig.start();
  let go: () => void = () => undefined;
  const up = new Promise<void>((resolve) => {
    go = resolve;
  });
  const dropped = second.run(rig.request([base], WAITING), { signal, onOutput: go }).catch((error: unknown) => error);
  await up;
  await second[Symbol.asyncDispose]();
  expect(await dropped).toMatchObject({ code: 'worker-lost' });
  expect(processesWith('sleep 98765')).toEqual([]);
  // Of the one that was killed, for the next build to remove; nothing of the one that was disposed.
  const left = readdirSync(join(rig.root, 'tmp')).map((name) => name.split('-').at(-1));
  expect(left.sort()).toEqual(['stubs', 'upper', 'work']);
});

test('the worker says what it can do, and removes only what is below the places of layers, caches and temp files', async () => {
  await using rig = await WorkerRig.setup();
  const worker = await rig.worker();
  expect(await worker.probe()).toMatchObject({
    overlay: true,
    userNamespace: false,
    lowers: ['erofs', 'directory'],
    runtime: { path: expect.stringContaining('runc') },
  });
  const diffID = rig.busybox();
  await worker.remove([`layers/v1/${diffID.slice(7)}`]);
  expect(readdirSync(join(rig.root, 'layers/v1'))).toEqual([]);
  for (const path of ['../x', '/etc/x', 'tmp/../../x', 'logs/run.log', 'tmp', 'tmp/'])
    await expect(worker.remove([path])).rejects.toThrow('not to be removed');
});

test('a missing runtime is named, with what to do', async () => {
  await using rig = await WorkerRig.setup();
  const request = rig.request([rig.busybox()], 'true', { runtime: 'no-such-runtime' });
  const worker = await rig.worker();
  await expect(
    worker.run(request, { signal: new AbortController().signal, onOutput: () => undefined }),
  ).rejects.toMatchObject({
    code: 'runtime-missing',
    hint: 'install it, or leave --oci-runtime out: then it is runc',
  });
});

test('on a state directory that overlayfs cannot take, RUNs work on copies, unless that is ruled out', async () => {
  await using rig = await WorkerRig.setup();
  const base = rig.busybox();
  const layout = `cd ${rig.dir}; mkdir l u w over; mount -t overlay -o lowerdir=l,upperdir=u,workdir=w none over; cp -a root over/root`;
  const script = 'echo x > /new; rm /etc/group';
  const request = rig.request([base], script);
  const said = (lower: LowerChoice): string => {
    const order = { root: join(rig.dir, 'over/root'), script: rig.script, path: process.env['PATH'], lower };
    const driver = [process.execPath, join(rig.dir, 'driver.mjs'), JSON.stringify({ ...order, requests: [request] })];
    const command = [...['sh', '-c', `${layout}; "$@" || true`, 'sh'], ...driver];
    return execFileSync('unshare', ['--mount', ...command]).toString();
  };
  const onCopies = said('auto');
  expect(onCopies).toContain('"lowers":["copy"],"notes":["each RUN works on a full copy of its files: ');
  for (const dir of ['l', 'u', 'w', 'over']) rmSync(join(rig.dir, dir), { recursive: true });
  expect(said('directory')).toContain('"code":"overlay-refused"');
  const ran = await rig.run([base], script);
  expect(onCopies).toContain(`"contentID":"${ran.outcome === 'exited' ? ran.layer?.contentID : ''}"`);
});
