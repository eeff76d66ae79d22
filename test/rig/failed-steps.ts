import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno } from '../../src/host/fs/index.ts';
import type { FailedStep } from '../../src/worker/protocol.ts';

/** A directory below failed/ of a root. */
interface KeptStep {
  readonly id: string;
  readonly atMs: number;
  readonly sizeBytes: number;
  /** Undefined when it cannot be read: it is good for nothing then but to be removed. */
  readonly record: FailedStep | undefined;
}

/** What is kept of failed RUNs, newest first; a root that is not there has none. */
export function failedSteps(rootDir: string): readonly KeptStep[] {
  const dir = join(rootDir, 'failed');
  return namesIn(dir)
    .map((id) => keptStep(dir, id))
    .sort((a, b) => b.atMs - a.atMs || (a.id < b.id ? -1 : 1));
}

function namesIn(dir: string): readonly string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}

function keptStep(dir: string, id: string): KeptStep {
  try {
    const record = JSON.parse(readFileSync(join(dir, id, 'record.json'), 'utf8')) as FailedStep;
    return { id, atMs: record.atMs, sizeBytes: record.sizeBytes, record };
  } catch {
    const atMs = lstatSync(join(dir, id), { throwIfNoEntry: false })?.mtimeMs ?? 0;
    return { id, atMs, sizeBytes: 0, record: undefined };
  }
}
