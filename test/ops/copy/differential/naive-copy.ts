import {
  type BigIntStats,
  chmodSync,
  lchownSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import type { CopyOp } from '../../../../src/graph/index.ts';
import { lgetxattr, lsetxattr, mknod, setMtime } from '../../../../src/host/sys/index.ts';
import { at, CAPABILITY, look, namesIn } from './files.ts';
import { isMatched, nameMatches, parentsOf, textOf } from './patterns.ts';

/** What a builder says no to. */
export class Refused extends Error {}

export interface NaiveCopy {
  readonly op: CopyOp;
  /** Host directory of the source, and what its files' owners count for. */
  readonly source: string;
  readonly isContext: boolean;
  /** Host directory that is copied into. */
  readonly root: string;
  readonly owner: readonly [number, number] | undefined;
  /** chmod(1)'s answer. */
  readonly chmod: (mode: number, isDirectory: boolean) => number;
}

interface Item {
  /** Below the source's top; '' for a source that is a file. */
  readonly path: string;
  /** Below the source directory. */
  readonly from: string;
  readonly isParent: boolean;
}

/** COPY as one would do it by hand: look, make directories, copy file by file. @throws Refused */
export function naiveCopy(copy: NaiveCopy): void {
  for (const source of copy.op.sources) {
    if (source.kind !== 'path') throw new Error('a heredoc has no file to copy');
    const argument = Buffer.from(source.path).toString('latin1');
    if (copy.op.parents) copyWithParents(copy, argument);
    else for (const match of expand(copy.source, argument)) copyOne(copy, match, undefined);
  }
}

function copyWithParents(copy: NaiveCopy, argument: string): void {
  const pivot = argument.indexOf('/./');
  const from = pivot < 0 ? '' : argument.slice(0, pivot);
  const include = textOf(argument.slice(pivot < 0 ? 0 : pivot + 3));
  const isLiteral = !/[*?[]/.test(argument);
  if (isLiteral && look(copy.source, follow(copy.source, argument)) === undefined) throw new Refused();
  for (const match of expand(copy.source, from)) copyOne(copy, match, include);
}

function copyOne(copy: NaiveCopy, match: string, include: string | undefined): void {
  const { source, root, op } = copy;
  const top = follow(source, match);
  const stat = look(source, top);
  if (stat === undefined) throw new Refused();
  const dest = Buffer.from(op.dest).toString('latin1');
  const isDirectoryWanted = /\/\.?$/.test(dest);
  mkdirs(copy, follow(root, isDirectoryWanted ? dest : dest.slice(0, dest.lastIndexOf('/'))));
  let target = follow(root, dest);
  if (stat.isDirectory()) {
    mkdirs(copy, target);
    const inodes = new Map<bigint, string>();
    for (const item of itemsBelow(copy, top, include)) place(copy, item, { target: below(target, item.path), inodes });
    return;
  }
  if (look(root, target)?.isDirectory() === true) target = below(target, match.split('/').at(-1) ?? '');
  mkdirs(copy, target.split('/').slice(0, -1).join('/'));
  place(copy, { path: '', from: top, isParent: false }, { target, inodes: new Map() });
}

function itemsBelow({ source, op }: NaiveCopy, top: string, include: string | undefined): Item[] {
  const isTaken = (path: string) =>
    (include === undefined || isMatched([include], path)) && !isMatched(op.excludes, path);
  const walk = (path: string): Item[] =>
    namesIn(source, below(top, path)).flatMap((name) => {
      const item = { path: below(path, name), from: below(top, below(path, name)) };
      const inside = walk(item.path);
      if (isTaken(item.path)) return [{ ...item, isParent: false }, ...inside];
      return inside.length > 0 ? [{ ...item, isParent: true }, ...inside] : [];
    });
  return walk('');
}

function place(
  copy: NaiveCopy,
  { from, isParent }: Item,
  { target, inodes }: { readonly target: string; readonly inodes: Map<bigint, string> },
): void {
  const { source, root } = copy;
  const stat = look(source, from);
  if (stat === undefined) throw new Error(`${from} is not there`);
  const there = look(root, target);
  const [to, mode] = [at(root, target), Number(stat.mode) & 0o7777];
  if (stat.isDirectory()) {
    if (there !== undefined && !there.isDirectory()) throw new Refused();
    if (there === undefined) mkdirSync(to);
    if (there !== undefined && isParent) chmodSync(to, mode);
    else attribute(copy, { from, to });
    return;
  }
  if (there?.isDirectory() === true) throw new Refused();
  if (there !== undefined) unlinkSync(to);
  const first = inodes.get(stat.ino);
  if (stat.isFile() && first !== undefined) {
    linkSync(at(root, first), to);
    return;
  }
  inodes.set(stat.ino, target);
  makeAs(at(source, from), to, stat);
  attribute(copy, { from, to });
}

function makeAs(from: Buffer, to: Buffer, stat: BigIntStats): void {
  if (stat.isFile()) writeFileSync(to, readFileSync(from));
  else if (stat.isSymbolicLink()) symlinkSync(readlinkSync(from, 'buffer'), to);
  else if (stat.isFIFO()) mknod(to, 'fifo', 0o600);
  else mknod(to, 'character', 0o600, Number(stat.rdev >> 8n), Number(stat.rdev & 255n));
}

/** In the order that loses nothing: chown takes setuid bits and capabilities away. */
function attribute(copy: NaiveCopy, { from, to }: { readonly from: string; readonly to: Buffer }): void {
  const stat = look(copy.source, from);
  if (stat === undefined) throw new Error(`${from} is not there`);
  const own = copy.isContext ? ([0, 0] as const) : ([Number(stat.uid), Number(stat.gid)] as const);
  lchownSync(to, ...(copy.owner ?? own));
  if (!stat.isSymbolicLink()) chmodSync(to, copy.chmod(Number(stat.mode) & 0o7777, stat.isDirectory()));
  const capability = stat.isFile() ? lgetxattr(at(copy.source, from), CAPABILITY) : undefined;
  if (capability !== undefined) lsetxattr(to, CAPABILITY, capability);
  setMtime(to, Number(stat.mtimeNs / 1_000_000_000n), Number(stat.mtimeNs % 1_000_000_000n));
}

function mkdirs({ root, owner, op }: NaiveCopy, path: string): void {
  const mode = /^[0-7]+$/.test(op.chmod ?? '') ? Number.parseInt(op.chmod ?? '', 8) & 0o777 : 0o755;
  for (const dir of [...parentsOf(path), path]) {
    const there = look(root, dir);
    if (there?.isDirectory() === true) continue;
    if (there !== undefined) throw new Refused();
    mkdirSync(at(root, dir));
    lchownSync(at(root, dir), ...(owner ?? ([0, 0] as const)));
    chmodSync(at(root, dir), mode);
  }
}

/** Where a path leads, as in a chroot: what is not there is taken as written. */
export function follow(top: string, path: string): string {
  const left = path.split('/');
  let here: string[] = [];
  for (let hops = 0; left.length > 0; ) {
    const part = left.shift() ?? '';
    if (part === '' || part === '.') continue;
    if (part === '..') {
      here.pop();
      continue;
    }
    const next = [...here, part].join('/');
    if (look(top, next)?.isSymbolicLink() !== true) {
      here.push(part);
      continue;
    }
    hops += 1;
    if (hops > 255) throw new Refused();
    const link = readlinkSync(at(top, next), 'latin1');
    if (link.startsWith('/')) here = [];
    left.unshift(...link.split('/'));
  }
  return here.join('/');
}

function expand(top: string, argument: string): string[] {
  const parts = cleaned(argument);
  const first = parts.findIndex((part) => /[*?[]/.test(part));
  if (first < 0) return [parts.join('/')];
  const start = follow(top, parts.slice(0, first).join('/'));
  if (start !== '' && look(top, start) === undefined) throw new Refused();
  let found = [start];
  for (const part of parts.slice(first)) {
    found = found.flatMap((dir) =>
      namesIn(top, dir)
        .filter((name) => nameMatches(part, name))
        .map((name) => below(dir, name)),
    );
  }
  return found;
}

function below(dir: string, name: string): string {
  return dir === '' || name === '' ? `${dir}${name}` : `${dir}/${name}`;
}

/** `..` in an argument takes the part before it away, whatever that is. */
function cleaned(argument: string): string[] {
  const parts: string[] = [];
  for (const part of argument.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts;
}
