import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { type TocEntry, TocWriter } from '../../src/image/toc/index.ts';

const dir = mkdtempSync(join(tmpdir(), 'toc-'));
afterAll(() => rmSync(dir, { recursive: true }));

/** A table of contents of entries in any order, as bytes. */
export function encodeToc(entries: Iterable<TocEntry>): Buffer {
  const path = join(dir, 'toc');
  const writer = new TocWriter(path);
  for (const entry of entries) writer.add(entry);
  writer.finish();
  const bytes = readFileSync(path);
  rmSync(path);
  return bytes;
}
