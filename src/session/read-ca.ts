import { readFileSync, statSync } from 'node:fs';
import { BuildError } from '../errors.ts';

/** The PEM bundle of `--ca`. @throws BuildError usage for a file that cannot be read or holds no certificate */
export function readCa(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  const text = read(file);
  if (text === undefined)
    throw new BuildError('usage', `--ca ${file} is no file`, {
      hint: 'RUNs and git read it again: write what a pipe gives into a file',
    });
  if (!CERTIFICATE.test(text))
    throw new BuildError('usage', `--ca ${file} holds no certificate`, {
      hint: 'it takes a bundle of them in PEM form',
    });
  return text;
}

const CERTIFICATE = /^-----BEGIN (X509 |TRUSTED )?CERTIFICATE-----/m;

/** undefined for a directory, a pipe and the like */
function read(file: string): string | undefined {
  try {
    return statSync(file).isFile() ? readFileSync(file, 'utf8') : undefined;
  } catch (error) {
    throw new BuildError('usage', `--ca ${file} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}
