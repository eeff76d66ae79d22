import { BuildError } from '../errors.ts';

/** Standard output. Like standard error it is opened when somebody writes to it, which many a build does not. */
export function stdout(): NodeJS.WriteStream {
  return outliving(process.stdout);
}

export function stderr(): NodeJS.WriteStream {
  return outliving(process.stderr);
}

/** Read from its start, once. */
export const STDIN: AsyncIterable<Uint8Array> = { [Symbol.asyncIterator]: () => process.stdin[Symbol.asyncIterator]() };

/** What was asked for, on standard output. Waits until it is written. @throws BuildError output-failed */
export function writeStdout(bytes: Uint8Array | string): Promise<void> {
  return new Promise((written, failed) => {
    stdout().write(bytes, (error) => {
      if (error) failed(stdoutFailed(error));
      else written();
    });
  });
}

/**
 * A reader that goes away is told by the write that it concerns; progress that nobody reads is no reason to stop. Without this
 * Node ends the process where it stands.
 */
function outliving(stream: NodeJS.WriteStream): NodeJS.WriteStream {
  if (!stream.listeners('error').includes(ignore)) stream.on('error', ignore);
  return stream;
}

function ignore(): void {}

function stdoutFailed(error: NodeJS.ErrnoException): BuildError {
  const why = error.code === 'EPIPE' ? 'its reader has closed it' : error.message;
  return new BuildError('output-failed', `cannot write to standard output: ${why}`, { cause: error });
}
