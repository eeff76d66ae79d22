export interface IdRange {
  readonly start: number;
  readonly count: number;
}

export interface User {
  readonly name: string;
  readonly id: number;
}

/** The ranges that /etc/subuid or /etc/subgid gives a user, by name or by id. */
export function parseSubIds(text: string, user: User): IdRange[] {
  return text.split('\n').flatMap((line) => {
    const [owner, start = '', count = ''] = line.trim().split(':');
    if (owner !== user.name && owner !== String(user.id)) return [];
    if (!/^\d+$/.test(start) || !/^\d+$/.test(count) || Number(count) === 0) return [];
    return [{ start: Number(start), count: Number(count) }];
  });
}

/** Arguments of newuidmap or newgidmap: root inside is the user, then come the ranges, one after the other. */
export function idMapArguments(ownID: number, ranges: readonly IdRange[]): string[] {
  const args = ['0', String(ownID), '1'];
  let inside = 1;
  for (const { start, count } of ranges) {
    args.push(String(inside), String(start), String(count));
    inside += count;
  }
  return args;
}

/** Fewer than there are, which is how a user namespace is told from none; more than any image has. */
const MAX_IDS = 2 ** 31 - 1;

/** The map of a namespace below that has the ids of this one, from this one's own. */
export function ownIdMap(text: string): string {
  const lines = text.split('\n').flatMap((line) => {
    const [inside, , count] = line.trim().split(/\s+/).map(Number);
    return inside === undefined || count === undefined ? [] : [`${inside} ${inside} ${Math.min(count, MAX_IDS)}\n`];
  });
  return lines.join('');
}
