import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { BuildError } from '../../errors.ts';
import { type RunProcessOptions, withoutUndefined } from './run.ts';

/** Which Debian package has a program that a layer or archive may need. */
const PACKAGES: { readonly [program: string]: string } = { xz: 'xz-utils', bzip2: 'bzip2', zstd: 'zstd', gzip: 'gzip' };

/**
 * The source's bytes after a program that reads standard input and writes standard output (`xz -dc`). Nothing is buffered beyond the
 * pipes. A consumer that stops early ends the program.
 * @throws BuildError setup-missing when the program is not installed, Error when it fails, with what it said
 */
export async function* filterProcess(
  argv: readonly string[],
  source: AsyncIterable<Uint8Array>,
  { signal, env }: { signal: AbortSignal; env?: RunProcessOptions['env'] },
): AsyncGenerator<Uint8Array> {
  signal.throwIfAborted();
  const [file = '', ...args] = argv;
  const { execa } = await import('execa');
  const child = execa(file, args, {
    buffer: { stdout: false, stderr: true },
    maxBuffer: MAX_MESSAGE,
    cancelSignal: signal,
    encoding: 'buffer',
    reject: false,
    stripFinalNewline: false,
    ...(env === undefined ? {} : { env: withoutUndefined(env), extendEnv: false }),
  });
  const feeding = feed(source, child.stdin);
  try {
    for await (const chunk of child.stdout) yield chunk as Uint8Array;
    signal.throwIfAborted();
    const result = await child;
    // A source that fails closes the program's input early: its own error says more.
    const fed = await feeding;
    if (fed instanceof Error && !isBrokenPipe(fed)) throw fed;
    if (result.failed) throw failure(file, result);
  } finally {
    child.kill('SIGKILL');
    await feeding;
  }
}

const MAX_MESSAGE = 64 * 1024;

/** Never rejects: the error, if there is one, is the value. */
async function feed(source: AsyncIterable<Uint8Array>, stdin: NodeJS.WritableStream): Promise<unknown> {
  try {
    await pipeline(Readable.from(source, { objectMode: false }), stdin);
    return undefined;
  } catch (error) {
    return error;
  }
}

function isBrokenPipe(error: Error): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'EPIPE' || code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ERR_STREAM_DESTROYED';
}

function failure(
  file: string,
  result: { code?: string | undefined; exitCode?: number | undefined; stderr: unknown },
): Error {
  if (result.code === 'ENOENT') {
    return new BuildError('setup-missing', `${file} is not installed`, {
      hint: `apt-get install -y ${PACKAGES[file] ?? file}`,
    });
  }
  const said = result.stderr instanceof Uint8Array ? Buffer.from(result.stderr).toString('utf8').trim() : '';
  return new Error(
    `${file} failed${result.exitCode === undefined ? '' : ` with exit code ${result.exitCode}`}${said === '' ? '' : `: ${said}`}`,
  );
}
