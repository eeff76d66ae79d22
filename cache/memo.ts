import { readdirSync, statSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { canonicalJson } from './canonical-json.ts';
import { digestOf, hexOf } from './digest.ts';
import { publishUnsynced, readIfThere, removeFile, shardedPath, type TempPath, type Warn } from './files.ts';
import { parseLines, renderLine } from './records/lines.ts';

/** Remembers small values by what they were computed from; may forget any of them at any time. */
export interface Memo {
  get(namespace: string, key: string): string | undefined;
  put(namespace: string, key: string, value: string): void;
}

export interface MemoOptions {
  readonly tempPath: TempPath;
  readonly onWarning: Warn;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** In each of 256 directories. */
const MAX_VALUES = 64;
const TOUCH_AFTER_MS = 24 * 60 * 60 * 1000;

export function openMemo(dir: string, { tempPath, now, onWarning }: MemoOptions): Memo {
  const pathOf = (namespace: string, key: string): string => {
    const hex = hexOf(digestOf(canonicalJson([namespace, key])));
    return shardedPath(dir, hex);
  };
  return {
    get(namespace, key) {
      const path = pathOf(namespace, key);
      const content = readIfThere(path)?.toString('utf8');
      const text = content === undefined ? undefined : parseLines(content).texts[0];
      if (text === undefined) return undefined;
      markUsed(path, now());
      return JSON.parse(text) as string;
    },
    put(namespace, key, value) {
      const path = pathOf(namespace, key);
      try {
        publishUnsynced(path, renderLine(JSON.stringify(value)), tempPath);
        forgetOldest(dirname(path));
      } catch (error) {
        onWarning(`a digest could not be remembered: ${(error as Error).message}`);
      }
    },
  };
}

/** Once a day is enough to tell what is in use. */
function markUsed(path: string, nowMs: number): void {
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat !== undefined && stat.mtimeMs + TOUCH_AFTER_MS < nowMs) utimesSync(path, nowMs / 1000, nowMs / 1000);
  } catch {
    // Gone meanwhile.
  }
}

function forgetOldest(dir: string): void {
  const names = readdirSync(dir);
  if (names.length <= MAX_VALUES) return;
  const aged = names.map((name) => {
    const path = join(dir, name);
    return { path, usedAt: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 };
  });
  aged.sort((one, other) => one.usedAt - other.usedAt);
  for (const { path } of aged.slice(0, names.length - MAX_VALUES)) removeFile(path);
}
