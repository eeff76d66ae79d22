import { join } from 'node:path';

/** The worker's bundle lies beside the CLI's. */
export function workerScript(): string {
  return join(import.meta.dirname, 'worker.cjs');
}
