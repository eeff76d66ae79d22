import {
  appendFileSync,
  chmodSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import fc from 'fast-check';
import { lsetxattr } from '../../../src/host/sys/index.ts';
import { hostPath, joinRel, type RelPath } from '../../../src/util/rel-path.ts';

const KINDS = [
  ...(['write', 'append', 'remove', 'replace-directory', 'touch-mode', 'chmod', 'chown', 'move', 'link'] as const),
  ...(['symlink', 'xattr', 'times', 'mkdir', 'file-to-directory', 'to-file'] as const),
];

/** What a RUN may do to a file system, as a program of small steps; picks are taken from what is there. */
export const changes = fc.array(fc.record({ kind: fc.constantFrom(...KINDS), pick: fc.nat(), into: fc.nat() }), {
  maxLength: 8,
});

type Change = typeof changes extends fc.Arbitrary<(infer T)[]> ? T : never;

/** @returns what each step came to: errors too have to be the same under each maker */
export function applyChanges(top: string, program: readonly Change[], paths: () => readonly RelPath[]): string[] {
  return program.map((change, index) => {
    try {
      return applyChange(change, { top, index, all: paths() });
    } catch (error) {
      return `${change.kind}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`;
    }
  });
}

function applyChange(
  { kind, pick, into }: Change,
  { top, index, all }: { top: string; index: number; all: readonly RelPath[] },
) {
  const stat = (path: RelPath) => lstatSync(hostPath(top, path));
  const choose = (from: readonly RelPath[], by: number): RelPath | undefined => from[by % Math.max(1, from.length)];
  const directories = all.filter((path) => stat(path).isDirectory());
  const isOfFiles = kind === 'append' || kind === 'touch-mode' || kind === 'move' || kind === 'link';
  const wanted = all.filter((path) => path !== '' && (!isOfFiles || stat(path).isFile()));
  const path = choose(wanted, pick);
  const fresh = hostPath(top, joinRel(choose(directories, into) ?? ('' as RelPath), `new-${index}`));
  if (kind === 'write') writeFileSync(fresh, `new ${index}`);
  else if (kind === 'mkdir') mkdirSync(fresh);
  else if (kind === 'symlink') symlinkSync('somewhere', fresh);
  else if (path === undefined) return `${kind}: nothing there`;
  else changeFile(kind, { at: hostPath(top, path), fresh, isSymlink: stat(path).isSymbolicLink(), index });
  return kind;
}

interface Place {
  readonly at: Buffer;
  readonly fresh: Buffer;
  readonly isSymlink: boolean;
  readonly index: number;
}

function changeFile(kind: Change['kind'], { at, fresh, isSymlink, index }: Place): void {
  const actions: Partial<Record<Change['kind'], () => void>> = {
    append: () => appendFileSync(at, 'more'),
    remove: () => rmSync(at, { recursive: true }),
    'replace-directory': () => {
      rmSync(at, { recursive: true });
      mkdirSync(at);
    },
    'touch-mode': () => chmodSync(at, lstatSync(at).mode & 0o7777),
    chmod: () => (isSymlink ? undefined : chmodSync(at, 0o640)),
    chown: () => lchownSync(at, 7, 8),
    move: () => renameSync(at, fresh),
    link: () => linkSync(at, fresh),
    xattr: () => (isSymlink ? undefined : lsetxattr(at, 'user.new', Buffer.from(`${index}`))),
    times: () => (isSymlink ? undefined : utimesSync(at, 5, 5)),
    'file-to-directory': () => {
      rmSync(at, { recursive: true });
      mkdirSync(at);
      writeFileSync(Buffer.concat([at, Buffer.from('/inside')]), 'inside');
    },
    'to-file': () => {
      rmSync(at, { recursive: true });
      writeFileSync(at, 'was something else');
    },
  };
  actions[kind]?.();
}
