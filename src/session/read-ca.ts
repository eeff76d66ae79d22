import { readFileSync } from 'node:fs';
import { BuildError } from '../errors.ts';

/** The PEM bundle of `--ca`. @throws BuildError usage for a file that cannot be read or holds no certificate */
export function readCa(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  const text = read(file);
  if (!CERTIFICATE.test(text))
    throw new BuildError('usage', `--ca ${file} holds no certificate`, {
      hint: 'it takes a bundle of them in PEM form',
    });
  return text;
}

const CERTIFICATE = /^-----BEGIN (X509 |TRUSTED )?CERTIFICATE-----/m;

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new BuildError('usage', `--ca ${file} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}
