import { BuildError } from '../../errors.ts';
import type { Vertex } from '../../graph/index.ts';
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

/**
 * For owners of what comes into an empty file system, which has no /etc/passwd. `setting` is `--chown=app` or `USER app`.
 * @throws BuildError copy-invalid when one has a name
 */
export function assertNumericOwner(
  text: string,
  { setting, why, hint }: Record<'setting' | 'why' | 'hint', string>,
): void {
  const name = split(text).find((part) => part !== undefined && idOf(part) === undefined);
  if (name === undefined) return;
  throw new BuildError('copy-invalid', `the name ${JSON.stringify(name)} of ${setting} cannot be looked up: ${why}`, {
    hint,
  });
}

/** FROM scratch with nothing on it: BuildKit has no file system there to look names up in, other than on an image without layers. */
export function assertOwnerOnScratch(base: Vertex | undefined, text: string, instruction: 'USER ' | '--chown='): void {
  if (base?.op.kind !== 'scratch') return;
  assertNumericOwner(text, {
    setting: `${instruction}${text}`,
    why: 'scratch has no files yet',
    hint: `give numeric ids, as in ${instruction}1000:1000`,
  });
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

/** `root` and nothing are ids; a number that is no int32 is a name. -1 leaves root, who writes; others below 0 are uint32. */
function idOf(text: string): number | undefined {
  if (text === 'root' || text === '') return 0;
  if (!/^[+-]?[0-9]+$/.test(text)) return undefined;
  const id = Number(text);
  if (id !== (id | 0)) return undefined;
  return id === -1 ? 0 : id >>> 0;
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
