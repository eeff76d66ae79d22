import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { makeTarReader, type TarEntry } from '../../src/image/archive/index.ts';

/** What a container sees of each of its files, by path: enough to tell two root file systems apart. */
export type RootFilesystem = ReadonlyMap<string, string>;

/**
 * Reads a root file system as a tar that a command writes. Hard links are told by what they lead to, times in whole seconds; the
 * top itself belongs to whoever mounted it.
 */
export async function readRootfs(command: readonly string[]): Promise<RootFilesystem> {
  const [program = '', ...argv] = command;
  const child = spawn(program, argv, { stdio: ['ignore', 'pipe', 'pipe'] });
  const said: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => void said.push(chunk));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const found = listing();
  const reader = makeTarReader(found.handler);
  for await (const chunk of child.stdout) reader.write(chunk as Buffer);
  if ((await ended) !== 0) throw new Error(`${command.join(' ')}: ${Buffer.concat(said).toString()}`);
  reader.end();
  return found.files();
}

/** A directory's files, as a command for `readRootfs`. */
export function tarOf(dir: string): readonly string[] {
  return ['tar', '--create', '--format=pax', '--numeric-owner', '--xattrs', '--xattrs-include=*', '-C', dir, '.'];
}

function listing() {
  const entries = new Map<string, TarEntry>();
  const hashes = new Map<string, ReturnType<typeof createHash>>();
  let last = '';
  return {
    handler: {
      entry: (entry: TarEntry) => {
        last = entry.path;
        entries.set(last, entry);
        if (entry.type === 'file') hashes.set(last, createHash('sha256'));
      },
      content: (chunk: Uint8Array) => void hashes.get(last)?.update(chunk),
    },
    files: (): RootFilesystem => {
      const texts = new Map([...hashes].map(([path, hash]) => [path, hash.digest('hex')]));
      const said = [...entries].map(([path, entry]) => {
        const file = entry.type === 'hardlink' ? (entries.get(entry.link) ?? entry) : entry;
        return [path, describe(file, texts.get(file.path) ?? '')] as const;
      });
      return new Map(said.filter(([path]) => path !== '').sort(([a], [b]) => (a < b ? -1 : 1)));
    },
  };
}

function describe(
  { type, mode, uid, gid, mtimeSec, link, devMajor, devMinor, xattrs }: TarEntry,
  text: string,
): string {
  const attributes = [...xattrs].map(([name, value]) => `${name}=${Buffer.from(value).toString('hex')}`);
  const device = type === 'character' || type === 'block' ? `${String(devMajor)}:${String(devMinor)}` : '';
  return [type, mode.toString(8), `${String(uid)}:${String(gid)}`, mtimeSec, link, device, text, ...attributes].join(
    ' ',
  );
}
