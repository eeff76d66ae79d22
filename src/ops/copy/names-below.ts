import { parentOf, type RelPath, TOP } from '../../util/rel-path.ts';

/** Finds the names below a directory without a look at all of them. */
export class NamesBelow {
  readonly #children = new Map<RelPath, Set<RelPath>>();

  constructor(names: Iterable<RelPath>) {
    for (const name of names) this.add(name);
  }

  add(name: RelPath): void {
    if (name === TOP) return;
    const dir = parentOf(name);
    const siblings = this.#children.get(dir);
    if (siblings === undefined) this.#children.set(dir, new Set([name]));
    else siblings.add(name);
  }

  /** Forgets all below it. @returns what was forgotten */
  take(dir: RelPath): readonly RelPath[] {
    const taken: RelPath[] = [];
    const dirs = [dir];
    for (let next = dirs.pop(); next !== undefined; next = dirs.pop()) {
      const children = this.#children.get(next) ?? [];
      this.#children.delete(next);
      for (const child of children) {
        taken.push(child);
        dirs.push(child);
      }
    }
    return taken;
  }
}
