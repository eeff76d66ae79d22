import type { RunOp } from '../../graph/index.ts';
import { BuildError } from '../../errors.ts';
import type { WorkerMount } from '../../worker/protocol.ts';
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

/** The part of a RUN's surroundings that no key, layer or record knows of: secrets, agent sockets, proxies, the CA. */
export async function privateSurroundings(
  op: RunOp,
  host: RunEnvironment,
): Promise<{ env: string[]; mounts: WorkerMount[] }> {
  const env: string[] = [];
  const mounts: WorkerMount[] = [];
  const agents = op.mounts.filter((mount) => mount.type === 'ssh');
  for (const [index, mount] of agents.entries()) {
    const source = host.sshSocket(mount.id);
    if (source === undefined) {
      if (mount.required)
        throw new BuildError('secret-missing', `ssh agent ${mount.id} was not given`, {
          hint: `pass --ssh ${mount.id}`,
        });
      continue;
    }
    mounts.push({ type: 'host', source, target: mount.target, readOnly: false });
    if (index === 0 && !hasVariable(op.env, 'SSH_AUTH_SOCK')) env.push(`SSH_AUTH_SOCK=${mount.target}`);
  }
  env.push(...host.proxyEnv);
  for (const mount of op.mounts) {
    if (mount.type !== 'secret') continue;
    const value = await host.secret(mount.id);
    if (value === undefined) {
      if (mount.required) throw missingSecret(mount.id);
      continue;
    }
    if (mount.env !== undefined) env.push(`${mount.env}=${Buffer.from(value).toString('utf8')}`);
    if (mount.target !== undefined) {
      const { target, mode, uid, gid } = mount;
      mounts.push({ type: 'file', content: Buffer.from(value).toString('base64'), target, mode, uid, gid });
    }
  }
  if (host.caFile !== undefined) {
    mounts.push({ type: 'host', source: host.caFile, target: CA_TARGET, readOnly: true });
    env.push(...CA_VARIABLES.filter((name) => !hasVariable(op.env, name)).map((name) => `${name}=${CA_TARGET}`));
  }
  return { env, mounts };
}

function missingSecret(id: string): BuildError {
  return new BuildError('secret-missing', `secret ${id} was not given`, {
    hint: `pass --secret id=${id},src=FILE or --secret id=${id},env=NAME`,
  });
}

function hasVariable(env: readonly string[], name: string): boolean {
  return env.some((pair) => pair.startsWith(`${name}=`));
}
