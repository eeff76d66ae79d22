import { createHash } from 'node:crypto';
import type { Digest } from '../../../cache/index.ts';
import { displayPath } from '../../util/rel-path.ts';
import type { SelectedItem } from './items.ts';
import type { SelectedFiles, SelectedSource, Selection } from './selection.ts';
import { LONGEST_PATH, SelectionFacts } from './selection-facts.ts';

const CAPABILITY = 'security.capability';

type ContentOf = (item: SelectedItem, source: SelectedFiles) => Digest | undefined;

/**
 * The digest of a selection, from the digests that it was made with or, through `contentOf`, from those of the bytes that
 * were in fact written.
 */
export function digestSelection(sources: readonly SelectedSource[], contentOf?: ContentOf): Digest {
  const facts = new SelectionFacts();
  for (const source of sources) {
    if (source.kind === 'archive') {
      facts.line(`${JSON.stringify(['archive', source.digest])}\n`);
      continue;
    }
    const isDirectory = source.top.type === 'directory';
    facts.line(`${JSON.stringify(['files', isDirectory ? '' : source.name, isDirectory])}\n`);
    addFiles(facts, source, contentOf);
  }
  return facts.digest();
}

function addFiles(facts: SelectionFacts, source: SelectedFiles, contentOf: ContentOf | undefined): void {
  const { items } = source;
  const { plain } = items;
  const groups = items.linkGroups();
  for (let index = 0; index < items.length; index += 1) {
    if (plain !== undefined && contentOf === undefined && facts.plainOf(plain, index)) continue;
    const item = items.at(index);
    const content = contentOf === undefined ? items.digest(item) : contentOf(item, source);
    if (content !== undefined && isPlain(item, groups)) facts.plain(item, content);
    else facts.line(lineOf(item, groups, content));
  }
}

const MOST_FILES = 20_000;

/**
 * Values are `digest:mode`, then `:type:uid:gid` of what is no file of 0:0; no two directories have the same, so that none looks
 * like another one renamed.
 */
export function explainSelection(sources: readonly SelectedSource[]): Selection['files'] {
  let count = 0;
  for (const source of sources) count += source.kind === 'files' ? source.items.length : 1;
  if (count > MOST_FILES) return undefined;
  const files: [string, string][] = [];
  for (const source of sources) {
    if (source.kind === 'archive') files.push([displayPath(source.path), shortDigest(source.digest)]);
    else
      for (const item of source.items)
        files.push([displayPath(item.entry.path), shortFacts(item, source.items.digest(item))]);
  }
  return Object.fromEntries(files);
}

function shortFacts({ entry }: SelectedItem, digest: Digest | undefined): string {
  const isPlain = entry.type === 'file' && entry.uid === 0 && entry.gid === 0;
  const mode = `${entry.mode.toString(8).padStart(4, '0')}${isPlain ? '' : `:${entry.type}:${entry.uid}:${entry.gid}`}`;
  if (digest !== undefined) return `${shortDigest(digest)}:${mode}`;
  const identity = entry.type === 'directory' ? entry.path : `${entry.link} ${entry.devMajor} ${entry.devMinor}`;
  return `${createHash('sha256').update(`${entry.type} ${identity}`, 'latin1').digest('hex').slice(0, 16)}:${mode}`;
}

function shortDigest(digest: Digest): string {
  return digest.slice('sha256:'.length, 'sha256:'.length + 16);
}

/** Told in bytes, not by a line: nearly all files are. */
function isPlain({ path, entry, isParent }: SelectedItem, groups: ReadonlyMap<string, number>): boolean {
  const { type, uid, gid, linkGroup, xattrs, devMajor, devMinor } = entry;
  if (type !== 'file' || isParent || uid !== 0 || gid !== 0 || devMajor !== 0 || devMinor !== 0) return false;
  return !xattrs.has(CAPABILITY) && (linkGroup === undefined || !groups.has(linkGroup)) && path.length <= LONGEST_PATH;
}

/** JSON, put together by hand, for there may be hundreds of thousands. */
function lineOf(
  { path, entry, isParent }: SelectedItem,
  groups: ReadonlyMap<string, number>,
  content: Digest | undefined,
): string {
  const { type, mode, uid, gid, devMajor, devMinor, xattrs, linkGroup } = entry;
  const capability = xattrs.size === 0 ? undefined : xattrs.get(CAPABILITY);
  const hex = capability === undefined ? '' : Buffer.from(capability).toString('hex');
  const what = content === undefined ? JSON.stringify(entry.link) : `"${content}"`;
  const group = linkGroup === undefined ? -1 : (groups.get(linkGroup) ?? -1);
  const head = `[${JSON.stringify(path)},"${type}",${isParent},${mode},${uid},${gid},`;
  return `${head}${what},${devMajor},${devMinor},"${hex}",${group}]\n`;
}
