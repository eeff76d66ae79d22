import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, type TestContext, test } from 'vitest';
import { DisposableStack } from '../../src/util/async-disposable-stack.ts';
import { CliRig, output, until } from '../rig/cli.ts';
import { type OrdinaryUser, openOrdinaryUser, withTunnels } from '../rig/ordinary-user.ts';
import { pathWithout } from '../rig/path-without.ts';
import { type Descendant, descendantsOf, mountsBelow } from '../rig/traces.ts';

const WITHIN = { withinMs: 1000 };
const BIN = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** A base that both can read: the rig's root is root's. */
async function basesOf(rig: CliRig, user: OrdinaryUser): Promise<string[]> {
  rig.write({ Dockerfile: 'FROM busybox\n' });
  await rig.built(['-o', `type=oci,tar=false,dest=${join(user.dir, 'base')}`]);
  await output(['chown', '-R', '--reference', user.dir, user.dir]);
  return ['--build-context', `busybox=oci-layout://${join(user.dir, 'base')}`];
}

interface UserRig extends AsyncDisposable {
  readonly rig: CliRig;
  readonly user: OrdinaryUser;
  readonly flags: readonly string[];
}

async function userRig(context: TestContext): Promise<UserRig> {
  if (process.getuid?.() !== 0) context.skip('only root can become somebody else');
  await using owned = new DisposableStack();
  const roots = owned.use(CliRig.setup(inject('baseRoot')));
  const user = owned.use(await openOrdinaryUser());
  const flags = await basesOf(roots, user);
  const rig = owned.use(CliRig.setup(join(user.dir, 'root')));
  rig.cli = user.cli;
  await output(['chmod', '-R', 'a+rwX', rig.dir]);
  const held = owned.move();
  return { rig, user, flags, [Symbol.asyncDispose]: () => held[Symbol.asyncDispose]() };
}

/** The CLI itself: whoever started it as somebody else may wait for it. */
function frontOf(processes: readonly Descendant[], rig: CliRig): number {
  const front = processes.find(({ commandLine }) => commandLine.includes(`${rig.cli} --root`));
  if (front === undefined) throw new Error(processes.map(({ commandLine }) => commandLine).join('\n'));
  return front.pid;
}

test.for(['slirp4netns', 'pasta'])(
  'kill -9 of an ordinary user’s RUN: %s ends with it, and everything else',
  async (program, context) => {
    await using theirs = await userRig(context);
    const { rig, user, flags } = theirs;
    const tunnels = await withTunnels(user.dir);
    if (tunnels === undefined)
      return context.skip('no node of /dev/net/tun can be made here, and none is open to everybody');
    const path = pathWithout(user.dir, BIN, [program === 'pasta' ? 'slirp4netns' : 'pasta']);
    const as = [...tunnels, ...user.as, `PATH=${path}`];
    rig.write({ Dockerfile: 'FROM busybox\nRUN echo run-has-started && sleep 98764\n' });
    const build = rig.start(['--progress', 'plain', ...flags, rig.context], { as, cwd: user.dir });
    await until('the RUN starts', () => build.output().includes('run-has-started\n'), { withinMs: 60_000 });
    const processes = descendantsOf(build.child.pid ?? 0);
    const front = frontOf(processes, rig);
    const commandLines = processes.map(({ commandLine }) => commandLine);
    for (const one of [`${path}/${program} `, 'sleep 98764']) expect(commandLines.join('\n')).toContain(one);

    // Nothing may depend on what the worker does about it.
    for (const { pid, name } of processes) if (name === 'node' && pid !== front) process.kill(pid, 'SIGSTOP');
    process.kill(front, 'SIGKILL');
    await until('all its processes are gone', () => !processes.some(({ isAlive }) => isAlive()), WITHIN);
    await until('all mounts are gone', () => mountsBelow(rig.root).length === 0, WITHIN);
    await build.finished;
    rig.write({ Dockerfile: 'FROM busybox\nRUN true\n' });
    await rig.built(flags, { as, cwd: user.dir });
    expect(readdirSync(join(rig.root, 'tmp'))).toEqual([]);
  },
);

/** What it wrote takes a while to be looked through before it is kept. */
const FAILING = `
  FROM busybox
  RUN mkdir /many && cd /many && chown 7:8 . && i=0 && while [ $i -lt 20000 ]; do : > f$i; i=$((i+1)); done; false
`;

const failedIn = (dir: string): readonly string[] =>
  readdirSync(dir).filter((name) => name.startsWith('f-') || name.endsWith('-failed'));

interface Place {
  readonly rig: CliRig;
  readonly flags: readonly string[];
  readonly as: readonly string[];
  readonly cwd: string;
}

/** kill -9 while what a failed RUN wrote is on its way to be kept. */
async function killWhileKeeping({ rig, flags, as, cwd }: Place): Promise<void> {
  rig.write({ Dockerfile: FAILING, 'a.txt': 'a' });
  const build = rig.start(['--progress', 'plain', ...flags, rig.context], { as, cwd });
  const temps = join(rig.root, 'tmp');
  await until('it is being kept', () => existsSync(temps) && failedIn(temps).length > 0, { withinMs: 60_000 });
  process.kill(as.length === 0 ? (build.child.pid ?? 0) : frontOf(descendantsOf(build.child.pid ?? 0), rig), 'SIGKILL');
  const finished = await build.finished;
  expect(finished.stderr).not.toContain('kept as');
  await until('all mounts are gone', () => mountsBelow(rig.root).length === 0, WITHIN);
  expect(failedIn(temps)).toHaveLength(1);
  expect(failedIn(join(rig.root, 'failed'))).toEqual([]);
}

/** A command that needs no mount itself. */
async function buildsAndLeavesNothing({ rig, flags, as, cwd }: Place): Promise<void> {
  rig.write({ Dockerfile: 'FROM busybox\nCOPY a.txt /\n' });
  await rig.built(flags, { as, cwd });
  expect(readdirSync(join(rig.root, 'tmp'))).toEqual([]);
  expect(failedIn(join(rig.root, 'failed'))).toEqual([]);
}

test('kill -9 while a failure is being kept: nothing of it is listed, and the next command removes the rest', async () => {
  await using base = CliRig.setup(inject('baseRoot'));
  base.write({ Dockerfile: 'FROM busybox\n' });
  await base.built(['-o', `type=oci,tar=false,dest=${join(base.dir, 'base')}`]);
  await using rig = CliRig.setup();
  const flags = ['--build-context', `busybox=oci-layout://${join(base.dir, 'base')}`];
  const place = { rig, flags, as: [], cwd: rig.dir };
  await killWhileKeeping(place);
  await buildsAndLeavesNothing(place);
});

test('the same of an ordinary user, whose sub-ids’ files only a worker can remove', async (context) => {
  await using theirs = await userRig(context);
  const { rig, user, flags } = theirs;
  const place = { rig, flags, as: user.as, cwd: user.dir };
  await killWhileKeeping(place);
  await buildsAndLeavesNothing(place);
});
