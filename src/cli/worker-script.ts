import { fileURLToPath } from 'node:url';

/** The worker's bundle lies beside the CLI's. */
export function workerScript(): string {
  return fileURLToPath(new URL('./worker.mjs', import.meta.url));
}
