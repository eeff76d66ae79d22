import { statSync } from 'node:fs';
import { BuildError } from '../../errors.ts';
import type { RunOp } from '../../graph/index.ts';
import type { WireSecret, WorkerMount } from '../../worker/protocol.ts';
import type { RunEnvironment } from '../deps.ts';

/** Where a RUN finds the bundle that `--ca` names. */
const CA_TARGET = '/run/tsbuild/ca.pem';
/** The variables by which OpenSSL, Node, curl, Python, git and cargo find a bundle. */
const CA_VARIABLES = [
  'SSL_CERT_FILE',
  'NODE_EXTRA_CA_CERTS',
  'CURL_CA_BUNDLE',
  'REQUESTS_CA_BUNDLE',
  'PIP_CERT',
  'GIT_SSL_CAINFO',
  'CARGO_HTTP_CAINFO',
];

interface Surroundings {
  readonly env: readonly string[];
  readonly mounts: readonly WorkerMount[];
  /** What must not be shown, nor become part of the layer. */
  readonly secrets?: readonly WireSecret[];
}

/** The part of a RUN's surroundings that no key, layer or record knows of: agent sockets, proxies, secrets, the CA. */
export async function privateSurroundings(op: RunOp, host: RunEnvironment): Promise<Required<Surroundings>> {
  const proxies: Surroundings = { env: host.proxyEnv, mounts: [] };
  const parts: Surroundings[] = [agents(op, host), proxies, ...(await secrets(op, host)), trust(op, host)];
  return {
    env: parts.flatMap((part) => part.env),
    mounts: parts.flatMap((part) => part.mounts),
    secrets: parts.flatMap((part) => part.secrets ?? []),
  };
}

function agents(op: RunOp, host: RunEnvironment): Surroundings {
  const mounts: WorkerMount[] = [];
  for (const mount of op.mounts) {
    if (mount.type !== 'ssh') continue;
    const source = host.sshSocket(mount.id);
    if (source === undefined && mount.required) {
      throw new BuildError('secret-missing', `no SSH key ${JSON.stringify(mount.id)} forwarded from the client`, {
        hint: `pass --ssh ${mount.id}`,
      });
    }
    if (source === undefined) continue;
    assertSocket(source, mount.id);
    const { target, mode, uid, gid } = mount;
    mounts.push({ type: 'agent', source, target, mode, uid, gid });
  }
  return { env: [], mounts };
}

/** What is no socket is never shown to a RUN: it may be a private key. */
function assertSocket(source: string, id: string): void {
  const stat = statSync(source, { throwIfNoEntry: false });
  if (stat?.isSocket() === true) return;
  const what = stat === undefined ? 'is not there' : 'is no socket of an agent';
  throw new BuildError('agent-unusable', `--ssh ${id}: ${source} ${what}`, {
    hint: 'start ssh-agent and hand it the key with ssh-add; then pass --ssh default',
  });
}

type SecretMount = Extract<RunOp['mounts'][number], { type: 'secret' }>;

function secrets(op: RunOp, host: RunEnvironment): Promise<readonly Surroundings[]> {
  const mounts = op.mounts.filter((mount): mount is SecretMount => mount.type === 'secret');
  return Promise.all(mounts.map((mount) => secretOf(mount, host)));
}

/** A secret that nobody gave and nobody requires is simply not there; its variable is empty. */
async function secretOf(
  { id, target, env, required, mode, uid, gid }: SecretMount,
  host: RunEnvironment,
): Promise<Surroundings> {
  const value = await host.secret(id);
  if (value === undefined && required) throw missingSecret(id);
  if (value === undefined) return { env: env === undefined ? [] : [`${env}=`], mounts: [] };
  const bytes = Buffer.from(value);
  const content = bytes.toString('base64');
  return {
    env: env === undefined ? [] : [`${env}=${bytes.toString('utf8')}`],
    mounts: target === undefined ? [] : [{ type: 'file', content, target, mode, uid, gid }],
    secrets: [{ id, value: content }],
  };
}

/** The bundle of `--ca` and the variables that name it, but for those the Dockerfile sets itself. */
function trust(op: RunOp, { caFile }: RunEnvironment): Surroundings {
  if (caFile === undefined) return { env: [], mounts: [] };
  const unset = CA_VARIABLES.filter((name) => !hasVariable(op.env, name));
  return {
    env: unset.map((name) => `${name}=${CA_TARGET}`),
    mounts: [{ type: 'host', source: caFile, target: CA_TARGET, readOnly: true }],
  };
}

function missingSecret(id: string): BuildError {
  return new BuildError('secret-missing', `secret ${id}: not found`, {
    hint: `pass --secret id=${id},src=FILE or --secret id=${id},env=NAME`,
  });
}

function hasVariable(env: readonly string[], name: string): boolean {
  return env.some((pair) => pair.startsWith(`${name}=`));
}
