import { BuildError } from '../../errors.ts';

export interface RunUser {
  readonly uid: number;
  readonly gid: number;
  /** The primary group is not repeated here. */
  readonly additionalGids: readonly number[];
}

export interface UserFiles {
  /** The texts of the rootfs's /etc/passwd and /etc/group; undefined when there is none. Called when they are needed. */
  readonly passwd: () => string | undefined;
  readonly group: () => string | undefined;
}

/**
 * USER as container runtimes read it: `user`, `uid`, each with `:group` or `:gid`. Where both are numbers or `root`, which is 0, no file
 * is read. A name or uid that passwd knows brings its gid, and without a group its supplementary groups. '' is 0 without any.
 * @throws BuildError run-user-unknown
 */
export function resolveUser(text: string, files: UserFiles): RunUser {
  if (text === '') return { uid: 0, gid: 0, additionalGids: [] };
  const [userPart, groupPart] = splitOnce(text);
  const pair = [plainID(userPart), plainID(groupPart)] as const;
  if (pair[0] !== undefined && pair[1] !== undefined) return { uid: pair[0], gid: pair[1], additionalGids: [] };
  const uid = askedID(userPart);
  const gid = askedID(groupPart);
  const known = findUser(userPart, uid, files);
  const owner = known ?? { name: undefined, uid: uid ?? 0, gid: 0 };
  if (groupPart !== '') {
    const group = findGroup(groupPart, gid, files);
    return { uid: owner.uid, gid: group, additionalGids: [] };
  }
  if (owner.name === undefined) return { uid: owner.uid, gid: owner.gid, additionalGids: [] };
  const { name } = owner;
  const groups = parseGroups(files.group()).filter(({ members }) => members.includes(name));
  const additionalGids = [...new Set(groups.map((group) => group.gid))].filter((id) => id !== owner.gid);
  return { uid: owner.uid, gid: owner.gid, additionalGids };
}

interface Passwd {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

interface Group {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

/** undefined for a numeric user that passwd does not know. */
function findUser(text: string, uid: number | undefined, files: UserFiles): Passwd | undefined {
  const isMe = (user: Passwd): boolean =>
    text === '' ? user.uid === 0 : uid === undefined ? user.name === text : user.uid === uid;
  const user = parsePasswd(files.passwd()).find(isMe);
  if (user === undefined && text !== '' && uid === undefined) {
    throw new BuildError('run-user-unknown', `unable to find user ${text}: no matching entries in passwd file`, {
      hint: 'add the user with RUN useradd, or use a numeric id',
    });
  }
  return user;
}

function findGroup(text: string, gid: number | undefined, files: UserFiles): number {
  const group = parseGroups(files.group()).find(({ name, gid: id }) =>
    gid === undefined ? name === text : id === gid,
  );
  if (group !== undefined) return group.gid;
  if (gid !== undefined) return gid;
  throw new BuildError('run-user-unknown', `unable to find group ${text}: no matching entries in group file`, {
    hint: 'add the group with RUN groupadd, or use a numeric id',
  });
}

function parsePasswd(text: string | undefined): Passwd[] {
  return fieldsOf(text).flatMap(([name = '', , uid = '', gid = '']) => {
    const [id, group] = [fieldID(uid), fieldID(gid)];
    return id === undefined ? [] : [{ name, uid: id, gid: group ?? 0 }];
  });
}

function parseGroups(text: string | undefined): Group[] {
  return fieldsOf(text).flatMap(([name = '', , gid = '', members = '']) => {
    if (name.startsWith('#')) return [];
    const id = fieldID(gid);
    return id === undefined ? [] : [{ name, gid: id, members: members.split(',') }];
  });
}

function fieldsOf(text: string | undefined): string[][] {
  return (text ?? '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => line.split(':'));
}

/** Beside another one; all that the kernel knows. */
const MAX_PLAIN_ID = 2 ** 32 - 1;

function plainID(text: string): number | undefined {
  if (text === 'root') return 0;
  return /^\d+$/.test(text) && Number(text) <= MAX_PLAIN_ID ? Number(text) : undefined;
}

const MAX_ID = 2 ** 31 - 1;

/** undefined for a name. */
function askedID(text: string): number | undefined {
  const id = numberOf(text);
  if (id === undefined && /^[-+]?\d+$/.test(text)) {
    throw new BuildError('run-user-unknown', `unable to find ${text}: ids of users and groups go from 0 to ${MAX_ID}`, {
      hint: `give both, user and group: then they go up to ${MAX_PLAIN_ID}`,
    });
  }
  return id;
}

/** What is no number in these files is 0; what no process could have is undefined. */
function fieldID(text: string): number | undefined {
  return /^[-+]?\d+$/.test(text) ? numberOf(text) : 0;
}

function numberOf(text: string): number | undefined {
  if (!/^\+?\d+$/.test(text)) return undefined;
  const id = Number(text);
  return id > MAX_ID ? undefined : id;
}

function splitOnce(text: string): [string, string] {
  const colon = text.indexOf(':');
  return colon < 0 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)];
}
