import type { ContentID, Digest, Json, KeyMaterial } from '../../../cache/index.ts';
import type { RunMount, RunOp } from '../../graph/index.ts';
import { formatPlatform } from '../../image/oci/index.ts';

/**
 * A RUN's key. What is in it can change what the command writes; what is not (proxies, secret values, the IPs of extra
 * hosts, CPU and memory limits, the private CA) is said beforehand to be without influence on the result.
 */
export function runMaterial(op: RunOp, inputs: readonly ContentID[], content: Digest | undefined): KeyMaterial {
  return {
    op: 'run',
    version: 5,
    fields: {
      argv: op.argv,
      env: op.env, // in order: a later duplicate wins for some programs
      workdir: op.cwd,
      user: op.user, // owner of what the command writes
      hostname: op.hostname,
      network: op.network, // none and host see different worlds
      security: op.security,
      platform: formatPlatform(op.platform), // what uname says, where the files are the same
      mounts: op.mounts.map(mountField),
      heredoc: op.script === undefined ? null : { name: op.script.name, content: op.script.content },
      hosts: op.extraHosts.map(({ host }) => host), // the names, not where they lead
      ulimits: op.ulimits.map(({ name, soft, hard }) => `${name}=${soft}:${hard}`),
      shmSize: op.shmSizeBytes ?? null,
      devices: op.devices.map(({ name }) => name),
    },
    inputs,
    ...(content === undefined ? {} : { content }),
  };
}

/** Layout of a mount; never what is behind a secret, nor what a cache holds by now. */
function mountField(mount: RunMount): Json {
  switch (mount.type) {
    case 'bind':
      return { type: 'bind', target: mount.target, readOnly: mount.readOnly };
    case 'cache':
      return cacheField(mount);
    case 'tmpfs':
      return { type: 'tmpfs', target: mount.target, readOnly: mount.readOnly, size: mount.sizeBytes ?? null };
    case 'secret':
      return {
        type: 'secret',
        id: mount.id,
        target: mount.target ?? null,
        env: mount.env ?? null,
        required: mount.required,
        mode: mount.mode,
        uid: mount.uid,
        gid: mount.gid,
      };
    case 'ssh':
      return {
        type: 'ssh',
        id: mount.id,
        target: mount.target,
        required: mount.required,
        mode: mount.mode,
        uid: mount.uid,
        gid: mount.gid,
      };
  }
}

/** How it starts; attributes that are not given are none, also where they are the default. */
function cacheField({ target, readOnly, seed, attributes }: Extract<RunMount, { type: 'cache' }>): Json {
  const { mode = null, uid = null, gid = null } = attributes ?? {};
  return { type: 'cache', target, readOnly, seeded: seed?.source !== undefined, mode, uid, gid };
}
