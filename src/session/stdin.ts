import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Root, removeTree } from '../../cache/index.ts';
import type { BuildOptions } from '../build-options.ts';
import { BuildError } from '../errors.ts';
import { type ContextOptions, isTarHead, openContext, unpackContext } from '../sources/context/index.ts';
import type { FetchedUrl } from '../sources/http/index.ts';
import { abortable } from '../util/abortable.ts';
import { filter } from './filter.ts';
import { dockerfileIn, dockerfileOfRemote } from './remote-context.ts';
import { type DockerfileSource, readDockerfile } from './source.ts';

export interface StdinSources extends AsyncDisposable {
  /** The context's directory when stdin was the context. */
  readonly dir?: string;
  /** Of an archive's files. */
  readonly attributesOf?: ContextOptions['attributesOf'];
  readonly dockerfile?: DockerfileSource;
  /** A tar from stdin is taken as it is. */
  readonly ignoresNothing: boolean;
}

/** What `-` means: `-f -` is a Dockerfile; as the context it is a tar, or a Dockerfile with an empty context. */
export async function readStdin(
  options: BuildOptions,
  { root, signal }: { root: Root; signal: AbortSignal },
): Promise<StdinSources | undefined> {
  if (options.context !== '-' && options.file !== '-') return undefined;
  if (options.stdin === undefined) throw new BuildError('usage', 'there is no standard input to read');
  const stdin = abortable(options.stdin, signal);
  if (options.file === '-') {
    const text = await readDockerfile(stdin);
    return { dockerfile: { file: '-', text }, ignoresNothing: false, [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  return unpackStream(stdin, { options, root, signal });
}

interface Unpacking {
  readonly options: BuildOptions;
  readonly root: Root;
  readonly signal: AbortSignal;
  /** Of what a URL gave; stdin without it. */
  readonly fetched?: Pick<FetchedUrl, 'mtimeSec'>;
}

/**
 * A tar as a context, or a Dockerfile: with an empty one where it came from stdin, else in one that holds it as a file `context`.
 * The source is closed, also where it is not read to its end.
 * @throws BuildError usage when stdin is one Dockerfile and -f names another
 */
export async function unpackStream(
  source: AsyncIterable<Uint8Array>,
  unpacking: Unpacking,
): Promise<StdinSources & { readonly dir: string }> {
  const peeked = await peek(source);
  try {
    return await unpackPeeked(peeked, unpacking);
  } finally {
    await peeked.close();
  }
}

async function unpackPeeked(
  { head, all }: Peeked,
  { options, root, signal, fetched }: Unpacking,
): Promise<StdinSources & { readonly dir: string }> {
  const dir = root.tempPath('context');
  mkdirSync(dir, { mode: 0o700 });
  const dispose = {
    [Symbol.asyncDispose]: () => removeTree(dir),
  };
  if (!(await isTarHead(head, { signal, filter }))) {
    if (fetched === undefined && options.file !== undefined) throw ambiguous(options.file);
    const text = await readDockerfile(all);
    if (fetched !== undefined) writeFetched(join(dir, 'context'), text, fetched.mtimeSec);
    return { dir, dockerfile: { file: 'Dockerfile', text }, ignoresNothing: true, ...dispose };
  }
  const attributesOf = await unpackContext(all, { dir, signal, filter });
  const find = fetched === undefined ? dockerfileIn : dockerfileOfRemote;
  const isElsewhere = options.file === '-' || /^https?:/.test(options.file ?? '');
  const dockerfile = isElsewhere ? {} : { dockerfile: find(openContext(dir), options) };
  return { dir, attributesOf, ...dockerfile, ignoresNothing: true, ...dispose };
}

function writeFetched(path: string, bytes: Uint8Array, mtimeSec: number): void {
  writeFileSync(path, bytes, { mode: 0o600 });
  utimesSync(path, mtimeSec, mtimeSec);
}

function ambiguous(file: string): BuildError {
  return new BuildError('usage', 'ambiguous Dockerfile source: both stdin and flag correspond to Dockerfiles', {
    hint: `what stdin gives is no tar: leave out -f ${file}, or give a context`,
  });
}

const HEAD_BYTES = 64 * 1024;

/** The first bytes of a stream, and the whole of it. */
interface Peeked {
  readonly head: Buffer;
  readonly all: AsyncIterable<Uint8Array>;
  readonly close: () => Promise<void>;
}

async function peek(source: AsyncIterable<Uint8Array>): Promise<Peeked> {
  const iterator = source[Symbol.asyncIterator]();
  const chunks: Uint8Array[] = [];
  let size = 0;
  let ended = false;
  while (size < HEAD_BYTES && !ended) {
    const next = await iterator.next();
    ended = next.done === true;
    if (next.done !== true) {
      chunks.push(next.value);
      size += next.value.length;
    }
  }
  async function* all(): AsyncGenerator<Uint8Array> {
    yield* chunks;
    for (;;) {
      const next = await iterator.next();
      if (next.done === true) return;
      yield next.value;
    }
  }
  const close = async (): Promise<void> => {
    await iterator.return?.();
  };
  return { head: Buffer.concat(chunks), all: all(), close };
}
