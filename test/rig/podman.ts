import { output, run, startProcess } from './cli.ts';

/**
 * runc, since crun fails on hybrid cgroups; limits that are allowed without CAP_SYS_RESOURCE; and no health checks, for
 * podman wants systemd for them.
 */
const FLAGS = ['--runtime', 'runc', '--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=8192:8192', '--no-healthcheck'];

export interface Container extends AsyncDisposable {
  readonly name: string;
  readonly output: () => string;
}

/** Loads an archive and runs its image until disposed; container and image are removed then. */
export async function runArchive(archive: string, image: string, flags: readonly string[]): Promise<Container> {
  await output(['podman', 'load', '-i', archive]);
  const name = `tsbuild-test-${String(process.pid)}`;
  const container = startProcess(['podman', 'run', '--rm', '--name', name, ...FLAGS, ...flags, image]);
  return {
    name,
    output: container.output,
    [Symbol.asyncDispose]: async () => {
      await run(['podman', 'kill', name]);
      await container.finished;
      await run(['podman', 'rmi', '-f', image]);
    },
  };
}
