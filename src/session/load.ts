import { existsSync } from 'node:fs';
import type { BuildOptions } from '../build-options.ts';
import { BuildError } from '../errors.ts';

interface Engine {
  readonly name: string;
  readonly argv: readonly string[];
  /** Of its daemon; an engine without one is there when its program is. */
  readonly sockets?: readonly string[];
  /** An address in the environment instead of a socket. */
  readonly hostVariable?: string;
}

/** In the order in which they are asked; each reads the archive from stdin, so nothing is written in between. */
const ENGINES: readonly Engine[] = [
  {
    name: 'docker',
    argv: ['docker', 'load', '--quiet'],
    sockets: ['/var/run/docker.sock'],
    hostVariable: 'DOCKER_HOST',
  },
  { name: 'podman', argv: ['podman', 'load', '--quiet'] },
  { name: 'containerd', argv: ['ctr', 'images', 'import', '-'], sockets: ['/run/containerd/containerd.sock'] },
];

/**
 * Hands an archive to the container engine of this machine: a docker that runs, else podman, else containerd.
 * @returns its name
 * @throws BuildError load-failed
 */
export async function loadArchive(
  archive: AsyncIterable<Uint8Array>,
  { env, signal }: { readonly env: BuildOptions['workerEnv']; readonly signal: AbortSignal },
): Promise<string> {
  const { filterProcess, findProgram } = await import('../host/process/index.ts');
  for (const { name, argv, ...place } of ENGINES) {
    const [file = '', ...args] = argv;
    const program = findProgram(file, env['PATH'] ?? '');
    if (program === undefined || !isThere(place, env)) continue;
    try {
      for await (const _said of filterProcess([program, ...args], archive, { signal, env }));
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof BuildError) throw error;
      throw new BuildError('load-failed', `${name} does not load the image: ${(error as Error).message}`, {
        hint: `check that ${name} works here, or write an archive with -o type=docker,dest=FILE`,
        cause: error,
      });
    }
    return name;
  }
  throw new BuildError('load-failed', 'no container engine to load the image into was found', {
    hint: 'start docker, or install podman; or write an archive with -o type=docker,dest=FILE',
  });
}

function isThere(
  { sockets, hostVariable }: Pick<Engine, 'sockets' | 'hostVariable'>,
  env: BuildOptions['workerEnv'],
): boolean {
  const isNamed = hostVariable !== undefined && (env[hostVariable] ?? '') !== '';
  return sockets === undefined || isNamed || sockets.some((socket) => existsSync(socket));
}
