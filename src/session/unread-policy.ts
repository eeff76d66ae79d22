import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import type { DockerfileSource } from './source.ts';

/** buildx obeys a policy that lies beside the Dockerfile; here it would be passed over in silence. */
export function tellOfPolicy({ path }: Pick<DockerfileSource, 'path'>, warn: (message: string) => void): void {
  if (path === undefined || !existsSync(`${path}.rego`)) return;
  warn(`${basename(path)}.rego is not obeyed: there are no policies for sources`);
}
