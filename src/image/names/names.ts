import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf, hexOf, publishBytes, type TempPath } from '../../../cache/index.ts';
import { parseEntry, renderEntry } from './entry.ts';
import type { NamedImage, StoredImage } from './stored-image.ts';

/** The image index of a root: normalised name → image. */
export interface Names {
  /** undefined when the name is unknown or its file cannot be understood. */
  get(name: string): StoredImage | undefined;
  /**
   * Replaces what the name stood for; readers see the old or the new image, whole. `at` is now unless it is given, and nothing is written for
   * a name that stands for that image already.
   */
  put(name: string, image: GivenImage): void;
  /** Whether there was one to remove. */
  remove(name: string): boolean;
}

type GivenImage = Omit<StoredImage, 'at'> & { readonly at?: number | undefined };

export interface NamesOptions {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** On the same file system. */
  readonly tempPath: TempPath;
}

/** @param imagesDir `images/` of a root; one JSON file a name, called by the name's digest. Made when first written to. */
export function openNames(imagesDir: string, { now, tempPath }: NamesOptions): Names {
  const fileOf = (name: string) => join(imagesDir, `${hexOf(digestOf(name))}.json`);
  return {
    get(name) {
      const found = readEntry(fileOf(name));
      return found?.name === name ? found.image : undefined;
    },
    put(name, image) {
      const file = fileOf(name);
      const known = readEntry(file);
      if (known !== undefined && meansTheSame(known, { name, image })) return;
      publishBytes(file, renderEntry({ name, image: { ...image, at: image.at ?? now() } }), tempPath);
    },
    remove(name) {
      const isThere = readEntry(fileOf(name)) !== undefined;
      rmSync(fileOf(name), { force: true });
      return isThere;
    },
  };
}

/** The names of a root, in code unit order. */
export function listNames(imagesDir: string): readonly NamedImage[] {
  const found = filesOf(imagesDir).flatMap((file) => readEntry(join(imagesDir, file)) ?? []);
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function meansTheSame(known: NamedImage, given: { name: string; image: GivenImage }): boolean {
  const image = { ...given.image, at: known.image.at };
  // read back, for the order of its fields
  const read = parseEntry(renderEntry({ name: given.name, image }));
  return read !== undefined && renderEntry(read) === renderEntry(known);
}

function filesOf(dir: string): readonly string[] {
  try {
    return readdirSync(dir).filter((name) => /^[0-9a-f]{64}\.json$/.test(name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function readEntry(file: string): NamedImage | undefined {
  try {
    return parseEntry(readFileSync(file, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
