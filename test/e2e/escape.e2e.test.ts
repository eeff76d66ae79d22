import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { expect, inject, type TestContext, test } from 'vitest';
import { CliRig, FIXTURES, type Finished, output } from '../rig/cli.ts';
import { openOrdinaryUser, withTunnels } from '../rig/ordinary-user.ts';

const MARK = '87654.25';
/** The RUNs of fixtures/escape/Dockerfile. */
const RUNS = ['none', 'default', 'user'];

/** What a RUN must not see: a file, a process, the network with a port on loopback, and a socket without a file. */
class Bait implements AsyncDisposable {
  readonly flags: readonly string[];
  readonly #servers: readonly Server[];
  readonly #sleeper: ChildProcess;

  private constructor(flags: readonly string[], servers: readonly Server[], sleeper: ChildProcess) {
    this.flags = flags;
    this.#servers = servers;
    this.#sleeper = sleeper;
  }

  static async setup(dir: string): Promise<Bait> {
    const file = join(dir, 'host-secret');
    writeFileSync(file, 'secret', { mode: 0o644 });
    const sleeper = spawn('sleep', [MARK], { stdio: 'ignore' });
    const name = `tsbuild-test-${String(process.pid)}`;
    const [tcp, abstract] = [createServer(), createServer()];
    tcp.listen(0, '127.0.0.1');
    abstract.listen(`\0${name}`);
    await Promise.all([once(tcp, 'listening'), once(abstract, 'listening')]);
    const values = {
      HOST_FILE: file,
      HOST_SOCKET: name,
      HOST_PORT: String((tcp.address() as AddressInfo).port),
      HOST_NETWORK: readlinkSync('/proc/self/ns/net'),
      HOST_PID: String(sleeper.pid),
      MARK,
    };
    const flags = Object.entries(values).flatMap(([key, value]) => ['--build-arg', `${key}=${value}`]);
    return new Bait(flags, [tcp, abstract], sleeper);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#sleeper.kill();
    await Promise.all(this.#servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

/** NAME → what came of it, from what the probes printed. */
function results({ stderr }: Finished): { through: string[]; refused: number } {
  const lines = [...stderr.matchAll(/((?:none|default|user) [^\t\n]+)\t(refused|through)\t(.*)/g)];
  for (const run of RUNS) expect(stderr).toContain(`${run} end`);
  return {
    through: lines
      .filter(([, , outcome]) => outcome === 'through')
      .map(([, name, , why]) => `${name ?? ''}: ${why ?? ''}`),
    refused: lines.filter(([, , outcome]) => outcome === 'refused').length,
  };
}

/** Fewer than this, and the probes have not run. */
const PROBES = 300;

test('nothing gets out of a RUN of root', async () => {
  await using rig = CliRig.setup(inject('baseRoot'));
  await using bait = await Bait.setup(rig.dir);
  rig.copyFixture('escape');
  const built = await rig.built([
    '--no-cache',
    '--build-context',
    'base=docker-image://debian:bookworm-slim',
    ...bait.flags,
  ]);
  const { through, refused } = results(built);
  expect(through).toEqual([]);
  expect(refused).toBeGreaterThan(PROBES);
});

test('nothing gets out of a RUN of an ordinary user', async (context: TestContext) => {
  if (process.getuid?.() !== 0) context.skip('only root can become somebody else');
  await using rig = CliRig.setup(inject('baseRoot'));
  await using user = await openOrdinaryUser();
  const tunnels = await withTunnels(user.dir);
  if (tunnels === undefined) context.skip('no node of /dev/net/tun can be made here, and none is open to everybody');
  await using bait = await Bait.setup(user.dir);
  const base = join(user.dir, 'base');
  rig.write({ Dockerfile: 'FROM debian:bookworm-slim\n' });
  await rig.built(['-o', `type=oci,tar=false,dest=${base}`]);
  const dockerfiles = join(user.dir, 'context');
  mkdirSync(dockerfiles);
  await output(['cp', '-r', `${join(FIXTURES, 'escape')}/.`, dockerfiles]);
  await output(['chown', '-R', '--reference', user.dir, user.dir]);
  await using theirs = CliRig.setup(join(user.dir, 'root'));
  theirs.cli = user.cli;
  const argv = ['--progress', 'plain', '--build-context', `base=oci-layout://${base}`, ...bait.flags, dockerfiles];
  const built = await theirs.tsbuild(argv, { as: [...tunnels, ...user.as], cwd: user.dir });
  expect(built.code, built.stderr).toBe(0);
  const { through, refused } = results(built);
  expect(through).toEqual([]);
  expect(refused).toBeGreaterThan(PROBES);
});
