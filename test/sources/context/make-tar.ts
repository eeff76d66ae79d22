import { makeTarWriter, type TarEntry } from '../../../src/image/archive/index.ts';
import type { RelPath } from '../../../src/util/rel-path.ts';

export type GivenEntry = Partial<Omit<TarEntry, 'path' | 'size'>> & { readonly path: string; readonly text?: string };

export function makeTar(entries: readonly GivenEntry[]): Buffer {
  const chunks: Buffer[] = [];
  const tar = makeTarWriter((chunk) => void chunks.push(Buffer.from(chunk)));
  for (const { path, text = '', ...more } of entries) {
    const type = more.type ?? 'file';
    const content = Buffer.from(text);
    const mode = type === 'directory' ? 0o755 : 0o644;
    const plain = {
      uid: 0,
      gid: 0,
      mtimeSec: 1_600_000_000,
      mtimeNsec: 0,
      link: '',
      devMajor: 0,
      devMinor: 0,
      xattrs: new Map<string, Uint8Array>(),
    };
    tar.entry({ ...plain, mode, ...more, path: path as RelPath, type, size: content.length });
    if (content.length > 0) tar.content(content);
  }
  tar.end();
  return Buffer.concat(chunks);
}

/** A program over bytes, for tests: the real one, without host/process. */
export async function* filter(argv: readonly string[], source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const { spawn } = await import('node:child_process');
  const [program = '', ...args] = argv;
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'] });
  const closed = new Promise<number>((resolve, reject) =>
    child.on('error', reject).on('close', (code) => resolve(code ?? 1)),
  );
  closed.catch(() => undefined);
  child.stdin.on('error', () => undefined);
  const feeding = (async () => {
    for await (const chunk of source) child.stdin.write(Buffer.from(chunk));
    child.stdin.end();
  })();
  for await (const chunk of child.stdout) yield chunk as Uint8Array;
  await feeding;
  if ((await closed) !== 0) throw new Error(`${program} failed`);
}
