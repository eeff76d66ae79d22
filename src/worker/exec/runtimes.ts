import { basename } from 'node:path';
import { requireRuntime } from '../../host/process/index.ts';
import { sealedCopy } from '../../host/sys/index.ts';

/** A program with runc's command line. */
export interface Runtime {
  readonly path: string;
  /** The same bytes where no container can write to them; absent when there are none. */
  readonly sealed?: string | undefined;
}

export interface Runtimes {
  /** @param name of a program, or its path @throws BuildError runtime-missing */
  open(name: string): Promise<Runtime>;
}

/**
 * The runtimes of a worker. runc protects its own program from containers by copying it, or by mounting it on itself and starting again, for
 * each container; started from a sealed copy it need not, which spares each RUN 4 ms.
 */
export function openRuntimes(searchPath: string): Runtimes {
  const copies = new Map<string, Promise<string | undefined>>();
  return {
    async open(name) {
      const path = requireRuntime(name, searchPath);
      // Another one may look for its parts beside itself, or be a script.
      if (basename(path) !== 'runc') return { path };
      const copy = copies.get(path) ?? sealedCopy(path).catch(() => undefined);
      copies.set(path, copy);
      return { path, sealed: await copy };
    },
  };
}
