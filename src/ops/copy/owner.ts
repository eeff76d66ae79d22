import { BuildError } from '../../errors.ts';
import type { Tree } from '../../image/toc/index.ts';
import { latin1Of } from '../../util/rel-path.ts';
import { resolveIn } from './resolve.ts';

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * `user[:group]`, ids or names. A user id alone is the group's too; a user name brings its group from /etc/passwd. A name
 * that is not in the base's files is 0, as BuildKit has it; a group name that is not there leaves the user's group.
 */
export function resolveOwner(text: string, base: Tree): Owner {
  const [user, group] = split(text);
  const owner = ownerOf(user, base);
  if (group === undefined) return owner;
  const gid = idOf(group) ?? fieldOf(base, 'etc/group', group)?.[0];
  return { uid: owner.uid, gid: gid ?? owner.gid };
}

/** @throws BuildError copy-invalid when the owner of a COPY --link has a name: there is no /etc/passwd to look it up in */
export function assertNumericOwner(text: string): void {
  const name = split(text).find((part) => part !== undefined && idOf(part) === undefined);
  if (name === undefined) return;
  throw new BuildError(
    'copy-invalid',
    `--link cannot look up the name ${JSON.stringify(name)} of --chown=${text}: it copies into an empty file system`,
    {
      hint: 'give numeric ids, as in --chown=1000:1000, or leave --link out',
    },
  );
}

function split(text: string): [string, string | undefined] {
  const colon = text.indexOf(':');
  return colon < 0 ? [text, undefined] : [text.slice(0, colon), text.slice(colon + 1)];
}

function ownerOf(user: string, base: Tree): Owner {
  const uid = idOf(user);
  if (uid !== undefined) return { uid, gid: uid };
  const ids = fieldOf(base, 'etc/passwd', user);
  return { uid: ids?.[0] ?? 0, gid: ids?.[1] ?? 0 };
}

const LARGEST_ID = 0x7fff_ffff;

/** `root` is an id; a number that is larger than an int32 is a name. */
function idOf(text: string): number | undefined {
  if (text === 'root') return 0;
  if (!/^\+?[0-9]+$/.test(text)) return undefined;
  const id = Number(text);
  return id <= LARGEST_ID ? id : undefined;
}

/** The third and fourth field of the first line of that name. */
function fieldOf(base: Tree, path: string, name: string): readonly [number, number] | undefined {
  const wanted = latin1Of(name);
  for (const line of textOf(base, path).split('\n')) {
    const [first, , third, fourth] = line.trim().split(':');
    if (first === wanted && third !== undefined) return [numberOf(third), numberOf(fourth)];
  }
  return undefined;
}

function numberOf(text: string | undefined): number {
  return text !== undefined && /^[0-9]{1,10}$/.test(text) ? Number(text) : 0;
}

const LARGEST_FILE = 16 << 20;

function textOf(base: Tree, path: string): string {
  const entry = base.lookup(resolveIn(base, path));
  if (entry?.type !== 'file' || entry.size > LARGEST_FILE) return '';
  let text = '';
  base.read(entry, (chunk) => {
    text += Buffer.from(chunk).toString('latin1');
  });
  return text;
}
