import { readFile, stat } from 'node:fs/promises';
import type { SecretSource } from '../build-options.ts';
import { BuildError } from '../errors.ts';

const MAX_SECRET_BYTES = 500 * 1024;

/** Reads a secret when a step asks for it; its value goes nowhere but into that step's sandbox. */
export async function readSecret(
  id: string,
  secrets: ReadonlyMap<string, SecretSource>,
): Promise<Uint8Array | undefined> {
  const source = secrets.get(id);
  if (source === undefined) return undefined;
  if (source.kind === 'env') return Buffer.from(source.value, 'utf8');
  const bytes = await contentOf(source).catch((error: unknown) => {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new BuildError('secret-missing', `secret ${id} cannot be read from ${source.path}: ${code ?? message}`);
  });
  if (bytes.length > MAX_SECRET_BYTES) throw new BuildError('secret-missing', `secret ${id} is larger than 500 KiB`);
  return bytes;
}

type SecretFile = Extract<SecretSource, { kind: 'file' }>;

/** What pipes gave, such as a shell's `<(…)`: who reads one again finds it empty. */
const piped = new WeakMap<SecretFile, Promise<Buffer>>();

async function contentOf(source: SecretFile): Promise<Buffer> {
  if ((await stat(source.path)).isFile()) return readFile(source.path);
  const content = piped.get(source) ?? readFile(source.path);
  piped.set(source, content);
  return content;
}
