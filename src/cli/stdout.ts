import { BuildError } from '../errors.ts';

/** What was asked for, on standard output. Waits until it is written. @throws BuildError output-failed */
export function writeStdout(bytes: Uint8Array | string): Promise<void> {
  return new Promise((written, failed) => {
    process.stdout.write(bytes, (error) => {
      if (error) failed(stdoutFailed(error));
      else written();
    });
  });
}

/**
 * A reader that goes away is told by the write that it concerns; progress that nobody reads is no reason to stop. Without this
 * Node ends the process where it stands.
 */
export function outliveReaders(): void {
  process.stdout.on('error', () => undefined);
  process.stderr.on('error', () => undefined);
}

function stdoutFailed(error: NodeJS.ErrnoException): BuildError {
  const why = error.code === 'EPIPE' ? 'its reader has closed it' : error.message;
  return new BuildError('output-failed', `cannot write to standard output: ${why}`, { cause: error });
}
