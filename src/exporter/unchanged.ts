import { statSync } from 'node:fs';
import { digestOf } from '../../cache/index.ts';
import type { ArchiveParts } from './archive.ts';
import type { OutputMemo } from './deps.ts';
import { dockerManifest, indexDescriptors, renderIndexFile } from './image-files.ts';

const NAMESPACE = 'archive-output';

/**
 * The size of the file at dest when it is the archive that these parts make: written by this root, and no write, rename or change of
 * times since, by device, inode, size, mtime and ctime.
 */
export function unchangedSize(parts: ArchiveParts, memo: OutputMemo | undefined): number | undefined {
  const stats = statsOf(parts.spec.dest);
  if (memo === undefined || stats === undefined) return undefined;
  return memo.get(NAMESPACE, parts.spec.dest) === `${identity(parts)} ${stats.text}` ? stats.size : undefined;
}

/** To be called right after dest was written. */
export function rememberWritten(parts: ArchiveParts, memo: OutputMemo | undefined): void {
  const stats = statsOf(parts.spec.dest);
  if (stats !== undefined) memo?.put(NAMESPACE, parts.spec.dest, `${identity(parts)} ${stats.text}`);
}

/** The small files name every byte of an archive. */
function identity({ image, files, spec }: ArchiveParts): string {
  const index = renderIndexFile(indexDescriptors(image, files, spec));
  return digestOf(Buffer.concat([index, dockerManifest(image, files, spec)]));
}

function statsOf(dest: string): { text: string; size: number } | undefined {
  const stats = dest === '-' ? undefined : statSync(dest, { throwIfNoEntry: false, bigint: true });
  if (stats?.isFile() !== true) return undefined;
  const { dev, ino, size, mtimeNs, ctimeNs } = stats;
  return { text: [dev, ino, size, mtimeNs, ctimeNs].join(' '), size: Number(size) };
}
