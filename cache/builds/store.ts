import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { namesIn, publishUnsynced, readIfThere, removeFile, type TempPath, type Warn } from '../files.ts';
import type { Json } from '../types.ts';

/** What is kept of the latest builds, one JSON value each: builds/<id>.json. */
export interface BuildReader {
  /** undefined for what is not there or is damaged. */
  get(id: string): Json | undefined;
  /** Newest first. */
  ids(): readonly string[];
  /** Ids that begin with the text, or whose last part does; newest first. */
  find(text: string): readonly string[];
}

export interface BuildStore extends BuildReader {
  /** A failure is a warning. Beyond the number that is kept, the oldest go, and their logs with them. */
  put(id: string, value: Json): void;
}

const MAX_BUILDS = 200;
const ID = /^\d{8}-\d{9}-[0-9a-f]{4,}$/;
const LAST_PART_AT = '20060102-150405000-'.length;

/** Unique, and in the order of time: `20261121-113529123-1f3c`. */
export function buildIDOf(startedAt: number, lease: string): string {
  const digits = new Date(startedAt).toISOString().replace(/\D/g, '');
  return `${digits.slice(0, 8)}-${digits.slice(8)}-${lease.slice(0, 4)}`;
}

export interface BuildStoreOptions {
  readonly tempPath: TempPath;
  readonly onWarning: Warn;
  readonly maxBuilds?: number;
}

export function openBuildStore(
  rootDir: string,
  { tempPath, onWarning, maxBuilds = MAX_BUILDS }: BuildStoreOptions,
): BuildStore {
  const reader = openBuildReader(rootDir);
  return {
    ...reader,
    put(id, value) {
      try {
        mkdirSync(join(rootDir, 'builds'), { recursive: true, mode: 0o700 });
        publishUnsynced(fileOf(rootDir, id), `${JSON.stringify(value)}\n`, tempPath);
        for (const old of reader.ids().slice(maxBuilds)) {
          const logs = join(rootDir, 'logs', old);
          removeFile(fileOf(rootDir, old));
          if (existsSync(logs)) rmSync(logs, { recursive: true, force: true });
        }
      } catch (error) {
        onWarning(`the report of this build could not be kept: ${(error as Error).message}`);
      }
    },
  };
}

/** Makes nothing: a root that is not there is one without builds. */
export function openBuildReader(rootDir: string): BuildReader {
  const reader: BuildReader = {
    get(id) {
      const bytes = ID.test(id) ? readIfThere(fileOf(rootDir, id)) : undefined;
      try {
        return bytes === undefined ? undefined : (JSON.parse(bytes.toString('utf8')) as Json);
      } catch {
        return undefined;
      }
    },
    ids: () =>
      namesIn(join(rootDir, 'builds'))
        .map((name) => name.replace(/\.json$/, ''))
        .filter((id) => ID.test(id))
        .sort()
        .reverse(),
    find: (text) =>
      text === '' ? [] : reader.ids().filter((id) => id.startsWith(text) || id.startsWith(text, LAST_PART_AT)),
  };
  return reader;
}

function fileOf(rootDir: string, id: string): string {
  return join(rootDir, 'builds', `${id}.json`);
}
