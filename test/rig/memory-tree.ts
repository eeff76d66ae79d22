import { type Digest, digestOf } from '../../cache/index.ts';
import type { Tree, TreeEntry } from '../../src/image/toc/index.ts';
import { baseName, parentOf, type RelPath, relPathOfText } from '../../src/util/rel-path.ts';

type Given = Partial<Omit<TreeEntry, 'path'>> & { readonly content?: string };

/** A tree in memory, from paths as people write them: `{'etc/passwd': {content: 'root'}, tmp: {type: 'directory'}}`. Parents are made. */
export function memoryTree(files: { readonly [path: string]: Given }): Tree & { close(): void; closed: boolean } {
  const entries = new Map<string, TreeEntry>();
  const contents = new Map<string, Buffer>();
  const add = (path: RelPath, given: Given): void => {
    if (path !== '' && !entries.has(parentOf(path))) add(parentOf(path), { type: 'directory' });
    const { content, ...rest } = given;
    const bytes = Buffer.from(content ?? '');
    contents.set(path, bytes);
    entries.set(path, {
      ...BLANK,
      type: 'file',
      mode: given.type === 'directory' ? 0o755 : 0o644,
      ...rest,
      path,
      size: bytes.length,
    });
  };
  for (const [path, given] of Object.entries(files)) add(relPathOfText(path), given);
  return {
    closed: false,
    close() {
      this.closed = true;
    },
    lookup: (path) => entries.get(path),
    list: (path) =>
      [...entries.keys()]
        .filter((key) => key !== '' && parentOf(key as RelPath) === path)
        .map((key) => baseName(key as RelPath))
        .sort(),
    digest: (entry): Digest => digestOf(contents.get(entry.path) ?? ''),
    read: (entry, sink) => sink(contents.get(entry.path) ?? Buffer.alloc(0)),
  };
}

const BLANK = {
  uid: 0,
  gid: 0,
  mtimeSec: 1_600_000_000,
  mtimeNsec: 0,
  link: '',
  devMajor: 0,
  devMinor: 0,
  xattrs: new Map<string, Uint8Array>(),
};
