import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TarEntry } from '../../src/image/archive/index.ts';
import { compareTarNames, openLayerWriter } from '../../src/image/layer/index.ts';
import { relPath } from '../../src/util/rel-path.ts';

const PLAIN = {
  mode: 0o644,
  uid: 0,
  gid: 0,
  size: 0,
  mtimeSec: 1_600_000_000,
  mtimeNsec: 0,
  link: '',
  devMajor: 0,
  devMinor: 0,
  xattrs: new Map(),
} as const;

/** An entry as short as a test wants it; a string is a file's content. */
export type Spec = {
  readonly [path: string]:
    | string
    | (Partial<TarEntry> & { readonly content?: string; readonly whiteout?: true; readonly opaque?: true });
};

export interface TempDir extends Disposable {
  readonly path: string;
}

export function tempDir(): TempDir {
  const path = mkdtempSync(join(tmpdir(), 'tsbuild-test-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

let count = 0;

/** Writes a layer; names that end in a slash are directories. */
export function writeLayer(dir: string, spec: Spec) {
  count += 1;
  const files = { tarPath: join(dir, `${count}.tar`), tocPath: join(dir, `${count}.toc`) };
  const writer = openLayerWriter(files);
  const items = Object.entries(spec).map(([name, value]) => itemOf(name, value));
  for (const { entry, content, whiteout, opaque } of items.sort((a, b) => compareTarNames(order(a), order(b)))) {
    if (whiteout) writer.whiteout(entry.path);
    else {
      writer.add(
        entry,
        (sink) => sink(Buffer.from(content, 'latin1')),
        entry.type === 'hardlink' ? { linkGroup: entry.link } : {},
      );
      if (opaque) writer.opaque(entry.path);
    }
  }
  return { ...files, ...writer.finish() };
}

function order({ entry, whiteout }: ReturnType<typeof itemOf>) {
  return { path: entry.path, type: entry.type, whiteout };
}

function itemOf(name: string, value: Spec[string]) {
  const {
    content = '',
    whiteout = false,
    opaque = false,
    ...rest
  } = typeof value === 'string' ? { content: value } : value;
  const isDirectory = name.endsWith('/');
  const entry: TarEntry = {
    ...PLAIN,
    type: isDirectory ? 'directory' : 'file',
    ...(isDirectory ? { mode: 0o755 } : {}),
    size: content.length,
    ...rest,
    path: relPath(name),
  };
  return { entry, content, whiteout, opaque };
}
