import type { Root } from '../../cache/index.ts';

export interface RemovalWorker {
  readonly scriptPath: string;
  readonly env: { readonly [name: string]: string | undefined };
  readonly signal: AbortSignal;
}

/** Deletes files of sub-uids in a worker of its own: only an ordinary user's root has such. */
export function removeWithWorker({ scriptPath, env, signal }: RemovalWorker) {
  return async (paths: readonly string[], root: Root): Promise<void> => {
    const { startWorker } = await import('../worker/client/index.ts');
    await using worker = await startWorker({
      ...{ rootDir: root.dir, lease: root.lease, scriptPath, env, signal },
      onWarning: () => undefined,
    });
    await worker.remove(paths);
  };
}
