import type { BuildOptions } from '../build-options.ts';
import { readSecret } from './secrets.ts';

/** The secrets that BuildKit has for git, that of the host first. @returns the value of an Authorization header */
export async function gitAuthHeader(host: string, { secrets }: BuildOptions): Promise<string | undefined> {
  for (const suffix of [`.${host}`, '']) {
    const header = await secretText(`GIT_AUTH_HEADER${suffix}`, secrets);
    if (header !== undefined) return header;
    const token = await secretText(`GIT_AUTH_TOKEN${suffix}`, secrets);
    if (token !== undefined) return `Basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`;
  }
  return undefined;
}

/** The same for URLs: always of one host, with its port or without. */
export async function urlAuthHeader(host: string, { secrets }: BuildOptions): Promise<string | undefined> {
  for (const name of new Set([host, host.replace(/:\d+$/, '')])) {
    const header = await secretText(`HTTP_AUTH_HEADER_${name}`, secrets);
    if (header !== undefined) return header;
    const token = await secretText(`HTTP_AUTH_TOKEN_${name}`, secrets);
    if (token !== undefined) return `Bearer ${token}`;
  }
  return undefined;
}

async function secretText(id: string, secrets: BuildOptions['secrets']): Promise<string | undefined> {
  const bytes = await readSecret(id, secrets);
  return bytes === undefined ? undefined : Buffer.from(bytes).toString('utf8').trim();
}
