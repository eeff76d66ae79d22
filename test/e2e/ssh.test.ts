import { createPublicKey, verify } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { allText } from '../rig/all-text.ts';
import { CliRig, output, step, until } from '../rig/cli.ts';
import { commit } from '../rig/git-server.ts';
import { openOrdinaryUser, withTunnels } from '../rig/ordinary-user.ts';
import { keygen } from '../rig/ssh-keys.ts';

/** Asks the agent of a RUN to list its keys, to sign, and to remove all keys; what it answers is on stdout, in base64. */
const ASK = `
  FROM node:20-bookworm-slim
  COPY ask.cjs /
  RUN --mount=type=ssh node /ask.cjs
`;
const ASK_JS = `
const { connect } = require('node:net');
const field = (bytes) => { const length = Buffer.alloc(4); length.writeUInt32BE(bytes.length); return Buffer.concat([length, bytes]); };
const socket = connect(process.env.SSH_AUTH_SOCK);
const ask = (request) => new Promise((answered, failed) => {
  socket.once('error', failed).once('data', answered).write(field(request));
});
(async () => {
  const listed = await ask(Buffer.of(11));
  const count = listed.readUInt32BE(5);
  const key = listed.subarray(13, 13 + listed.readUInt32BE(9));
  const signed = await ask(Buffer.concat([Buffer.of(13), field(key), field(Buffer.from('data')), Buffer.alloc(4)]));
  const removed = await ask(Buffer.of(19));
  const again = await ask(Buffer.of(11));
  console.log('asked ' + JSON.stringify({ count, key: key.toString('base64'), signature: signed.subarray(-64).toString('base64'),
    refusal: removed.toString('hex'), isSame: listed.equals(again) }));
  socket.end();
})();
`;

interface Asked {
  readonly count: number;
  readonly key: string;
  readonly signature: string;
  readonly refusal: string;
  readonly isSame: boolean;
}

function askedIn(text: string): Asked {
  const [, json = '{}'] = /asked (\{.*\})/.exec(text) ?? [];
  return JSON.parse(json) as Asked;
}

function isOf({ key, signature }: Asked): boolean {
  const x = Buffer.from(key, 'base64').subarray(-32).toString('base64url');
  const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  return verify(null, Buffer.from('data'), publicKey, Buffer.from(signature, 'base64'));
}

test('a RUN has the agent of key files: it lists and signs, and cannot be changed', async () => {
  await using rig = CliRig.setup(inject('baseRoot'));
  const [first, second] = [keygen(rig.dir, ['-t', 'ed25519'], 'one'), keygen(rig.dir, ['-t', 'ecdsa'], 'two')];
  rig.write({ Dockerfile: ASK, 'ask.cjs': ASK_JS });
  const built = await rig.built(['--no-cache', '--ssh', `default=${first.path},${second.path}`]);
  const asked = askedIn(built.stderr);
  expect(asked).toMatchObject({ count: 2, refusal: '0000000105', isSame: true });
  expect(first.publicLine).toBe(`ssh-ed25519 ${asked.key}`);
  expect(isOf(asked)).toBe(true);

  const cached = await rig.built(['--ssh', `default=${second.path}`]);
  expect(step(cached.report, 'node /ask.cjs').status).toBe('hit');
  expect(readdirSync(join(rig.root, 'tmp'))).toEqual([]);
  const secret = first.text.split('\n')[3] ?? 'none';
  const told = [built.stdout, built.stderr, JSON.stringify(built.report), allText(join(rig.root, 'records'))];
  for (const text of [...told, allText(join(rig.root, 'logs')), allText(join(rig.root, 'builds'))])
    expect(text).not.toContain(secret);
});

test('so has a RUN of an ordinary user, where the path of the root is longer than a socket’s may be', async (context) => {
  if (process.getuid?.() !== 0) return context.skip('only root can become somebody else');
  await using bases = CliRig.setup(inject('baseRoot'));
  await using user = await openOrdinaryUser();
  const tunnels = await withTunnels(user.dir);
  if (tunnels === undefined)
    return context.skip('no node of /dev/net/tun can be made here, and none is open to everybody');
  const base = join(user.dir, 'base');
  bases.write({ Dockerfile: 'FROM node:20-bookworm-slim\n' });
  await bases.built(['-o', `type=oci,tar=false,dest=${base}`]);
  await using rig = CliRig.setup(join(user.dir, 'r'.repeat(120)));
  rig.cli = user.cli;
  const key = keygen(user.dir, ['-t', 'ed25519'], 'one');
  rig.write({ Dockerfile: ASK, 'ask.cjs': ASK_JS });
  await output(['chmod', '-R', 'a+rwX', rig.dir]);
  await output(['chown', '-R', '--reference', user.dir, user.dir]);
  const flags = ['--ssh', `default=${key.path}`, '--build-context', `node:20-bookworm-slim=oci-layout://${base}`];
  const built = await rig.built(flags, { as: [...tunnels, ...user.as], cwd: user.dir });
  expect(isOf(askedIn(built.stderr))).toBe(true);
});

test('after kill -9 the next build removes the socket', async () => {
  await using rig = CliRig.setup(inject('baseRoot'));
  const key = keygen(rig.dir, ['-t', 'ed25519'], 'one');
  rig.write({ Dockerfile: 'FROM busybox\nRUN --mount=type=ssh echo run-has-started && sleep 1000\n' });
  const build = rig.start(['--no-cache', '--progress', 'plain', '--ssh', `default=${key.path}`, rig.context]);
  await until('the RUN starts', () => build.output().includes('run-has-started\n'), { withinMs: 60_000 });
  const sockets = () => readdirSync(join(rig.root, 'tmp')).filter((name) => name.endsWith('-agent'));
  expect(sockets()).toHaveLength(1);
  build.child.kill('SIGKILL');
  await build.finished;
  rig.write({ Dockerfile: 'FROM busybox\n' });
  await rig.built();
  expect(sockets()).toEqual([]);
});

test('a key that cannot be used ends the build before it begins', async () => {
  await using rig = CliRig.setup();
  const key = keygen(rig.dir, ['-t', 'ed25519', '-N', 'a passphrase'], 'one');
  rig.write({ Dockerfile: 'FROM scratch\nCOPY f /\n', f: 'f' });
  const built = await rig.build(['--ssh', `default=${key.path}`]);
  expect(built.code).toBe(1);
  expect(built.stderr).toContain(`--ssh default: ${key.path} is passphrase protected [ssh-key-unusable]`);
  expect(built.stderr).toContain(`hint: hand it to an agent, which asks for the passphrase: ssh-add ${key.path}`);
});

test('ADD of a repository over ssh, and a repository as the context, ask with the keys', async () => {
  await using rig = CliRig.setup();
  const key = keygen(rig.dir, ['-t', 'ed25519'], 'one');
  commit(join(rig.dir, 'repo'), { Dockerfile: 'FROM scratch\nADD git@example.test:repo.git /\n', f: 'one' });
  const path = fakeSsh(rig, key.publicLine);
  const env = { PATH: `${path}:${process.env['PATH'] ?? ''}` };
  const out = join(rig.dir, 'out');
  const flags = ['--ssh', `default=${key.path}`, '-o', `type=local,dest=${out}`];
  const done = await rig.tsbuild([...flags, 'ssh://git@example.test/repo.git'], { env });
  expect(done.code, done.stderr).toBe(0);
  expect(readFileSync(join(out, 'f'), 'utf8')).toBe('one');
  const other = keygen(rig.dir, ['-t', 'ed25519'], 'two');
  const denied = await rig.build(
    ['--no-cache', '--ssh', `default=${other.path}`],
    { env },
    'ssh://git@example.test/repo.git',
  );
  expect(denied.stderr).toContain('[git-failed]');
});

/** In the place of ssh: gives whoever has an agent with this key what git asks for. */
function fakeSsh(rig: CliRig, publicLine: string): string {
  const dir = join(rig.dir, 'bin');
  mkdirSync(dir);
  const file = join(dir, 'ssh');
  writeFileSync(
    file,
    `#!/bin/sh
ssh-add -L | grep -qF '${publicLine}' || { echo 'Permission denied (publickey).' >&2; exit 255; }
exec git upload-pack '${join(rig.dir, 'repo')}'
`,
  );
  chmodSync(file, 0o755);
  return dir;
}
