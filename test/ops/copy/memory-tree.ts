import { type Digest, digestOf } from '../../../cache/index.ts';
import type { TarEntry } from '../../../src/image/archive/index.ts';
import type { LayerWriter } from '../../../src/image/layer/index.ts';
import type { Tree, TreeEntry } from '../../../src/image/toc/index.ts';
import { joinRel, parentOf, type RelPath, relPath, TOP } from '../../../src/util/rel-path.ts';

export type Spec = Partial<Omit<TreeEntry, 'path' | 'size'>> & { readonly text?: string };

/** A tree from `path → text | attributes`; a trailing slash makes a directory, `link` a symlink; parents appear by themselves. */
export function memoryTree(files: { readonly [path: string]: string | Spec }): Tree {
  const entries = new Map<RelPath, { entry: TreeEntry; text: string }>([
    [TOP, { entry: entryOf(TOP, { type: 'directory' }), text: '' }],
  ]);
  const add = (path: RelPath, spec: Spec) => {
    if (path !== TOP && !entries.has(parentOf(path))) add(parentOf(path), { type: 'directory' });
    entries.set(path, { entry: entryOf(path, spec), text: spec.text ?? '' });
  };
  for (const [name, given] of Object.entries(files)) {
    const spec: Spec = typeof given === 'string' ? { text: given } : given;
    add(
      relPath(name),
      name.endsWith('/')
        ? { type: 'directory', ...spec }
        : spec.link === undefined
          ? spec
          : { type: 'symlink', ...spec },
    );
  }
  return {
    lookup: (path) => entries.get(path)?.entry,
    list: (path) =>
      entries.get(path)?.entry.type === 'directory'
        ? [...entries.keys()]
            .filter((other) => other !== TOP && parentOf(other) === path)
            .map((other) => other.slice(path === TOP ? 0 : path.length + 1))
            .sort()
        : [],
    digest: (entry) => digestOf(entries.get(entry.path)?.text ?? ''),
    read(entry, sink) {
      const bytes = Buffer.from(entries.get(entry.path)?.text ?? '');
      if (bytes.length > 0) sink(bytes);
    },
  };
}

function entryOf(path: RelPath, { text, ...spec }: Spec): TreeEntry {
  const type = spec.type ?? 'file';
  return {
    path,
    type,
    mode: type === 'directory' ? 0o755 : type === 'symlink' ? 0o777 : 0o644,
    uid: 0,
    gid: 0,
    size: type === 'file' ? Buffer.byteLength(text ?? '') : 0,
    mtimeSec: 1_600_000_000,
    mtimeNsec: 0,
    link: '',
    devMajor: 0,
    devMinor: 0,
    xattrs: new Map(),
    ...spec,
  };
}

export interface WrittenEntry {
  readonly entry: TarEntry;
  readonly text: string;
}

/** A layer writer that keeps what it is given, and insists on sorted names. */
export class MemoryLayer {
  readonly entries: WrittenEntry[] = [];
  readonly opaques: RelPath[] = [];

  add(entry: TarEntry, read?: (sink: (chunk: Uint8Array) => void) => void): Digest | undefined {
    const chunks: Uint8Array[] = [];
    read?.((chunk) => chunks.push(Uint8Array.from(chunk)));
    const bytes = Buffer.concat(chunks);
    if (bytes.length !== entry.size) throw new Error(`${entry.path} has ${bytes.length} bytes, not ${entry.size}`);
    const last = this.entries.at(-1);
    if (last !== undefined && tarName(last.entry) >= tarName(entry)) throw new Error(`${entry.path} comes too late`);
    if (
      entry.path !== TOP &&
      parentOf(entry.path) !== TOP &&
      !this.entries.some((other) => other.entry.path === parentOf(entry.path))
    ) {
      throw new Error(`${entry.path} has no parent in the layer`);
    }
    this.entries.push({ entry, text: bytes.toString() });
    return entry.type === 'file' ? digestOf(bytes) : undefined;
  }

  opaque(path: RelPath): void {
    this.opaques.push(path);
  }

  asWriter(): LayerWriter {
    return this as unknown as LayerWriter;
  }

  /** `path mode uid:gid what`, for tables. */
  lines(): string[] {
    return this.entries.map(({ entry, text }) => {
      const what =
        entry.type === 'file'
          ? JSON.stringify(text)
          : entry.type === 'symlink' || entry.type === 'hardlink'
            ? `${entry.type === 'symlink' ? '→' : '='} ${entry.link}`
            : entry.type;
      return `${entry.path} ${entry.mode.toString(8)} ${entry.uid}:${entry.gid} ${what}`;
    });
  }

  /** What one sees with the layer on top of a base. */
  over(base: Tree): Map<string, Seen> {
    const seen = new Map<string, Seen>();
    const walk = (dir: RelPath) => {
      for (const name of base.list(dir)) {
        const entry = base.lookup(joinRel(dir, name));
        if (entry === undefined) continue;
        seen.set(entry.path, seenOf(entry, textOf(base, entry)));
        if (entry.type === 'directory') walk(entry.path);
      }
    };
    walk(TOP);
    for (const { entry, text } of this.entries) {
      const hides =
        entry.type !== 'directory' || this.opaques.includes(entry.path) || seen.get(entry.path)?.type !== 'directory';
      if (hides) for (const path of [...seen.keys()]) if (path.startsWith(`${entry.path}/`)) seen.delete(path);
      const target =
        entry.type === 'hardlink' ? this.entries.find((other) => other.entry.path === entry.link) : undefined;
      seen.set(entry.path, target === undefined ? seenOf(entry, text) : seenOf(target.entry, target.text));
    }
    seen.delete(TOP);
    return seen;
  }
}

export interface Seen {
  readonly type: string;
  readonly mode: number;
  readonly owner: string;
  readonly content: string;
  readonly mtimeSec: number;
}

export function seenOf(entry: TarEntry, text: string): Seen {
  return {
    type: entry.type,
    mode: entry.mode,
    owner: `${entry.uid}:${entry.gid}`,
    content: entry.type === 'symlink' ? entry.link : text,
    mtimeSec: entry.mtimeSec,
  };
}

export function textOf(tree: Tree, entry: TreeEntry): string {
  let text = '';
  if (entry.type === 'file') tree.read(entry, (chunk) => (text += Buffer.from(chunk).toString()));
  return text;
}

function tarName({ path, type }: TarEntry): string {
  return type === 'directory' ? `${path}/` : path;
}
