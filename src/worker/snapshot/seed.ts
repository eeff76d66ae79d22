import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Tree, TreeEntry } from '../../image/toc/index.ts';
import { joinRel, type RelPath, relPath, TOP } from '../../util/rel-path.ts';
import { TreeWriter, type TreeWriterOptions } from './tree-writer.ts';

/** What a lone file is called meanwhile. */
const FILE = relPath('file');

export interface SeedOptions extends TreeWriterOptions {
  /** A new name on the same file system. */
  readonly temp: string;
}

/** Copies a directory or a file of a tree to a place that does not exist yet, all of it or nothing. Sockets have no place in a tree. */
export function seedTree(
  tree: Tree,
  source: TreeEntry,
  { dest, options }: { dest: string; options: SeedOptions },
): void {
  const { temp } = options;
  try {
    mkdirSync(temp, 0o700);
    const writer = new TreeWriter(temp, options);
    const firstNames = new Map<string, RelPath>();
    const copy = (from: TreeEntry, to: RelPath): void => {
      const first = from.linkGroup === undefined ? undefined : firstNames.get(from.linkGroup);
      if (first !== undefined) {
        writer.link(to, first);
        return;
      }
      if (from.linkGroup !== undefined) firstNames.set(from.linkGroup, to);
      writer.add(to, from, (sink) => tree.read(from, sink));
      for (const name of from.type === 'directory' ? tree.list(from.path) : []) {
        const child = tree.lookup(joinRel(from.path, name));
        if (child !== undefined) copy(child, joinRel(to, name));
      }
    };
    const top = source.type === 'directory' ? TOP : FILE;
    copy(source, top);
    writer.finish();
    renameSync(join(temp, top), dest);
  } finally {
    rmSync(temp, { recursive: true, force: true });
  }
}
