import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SpaceUsage } from '../../cache/index.ts';
import type { FailedStep } from '../worker/protocol.ts';

/** What a failed RUN left, and of which RUN it is where that can be read. */
export interface KeptFailure {
  /** As the error named it: the directory below failed/ of the root. */
  readonly id: string;
  readonly bytes: number;
  /** As progress showed it. */
  readonly step?: string;
  /** When it failed, in milliseconds since the epoch. */
  readonly atMs?: number;
  /** Absent when it took too long. */
  readonly exitCode?: number;
}

/** The latest first; those that cannot be read come last. */
export function keptFailures(rootDir: string, found: SpaceUsage['failures']): readonly KeptFailure[] {
  const all = found.map((one) => ({ ...one, ...recordOf(join(rootDir, 'failed', one.id, 'record.json')) }));
  return all.sort((a, b) => (b.atMs ?? 0) - (a.atMs ?? 0) || (a.id < b.id ? -1 : 1));
}

function recordOf(file: string): Pick<KeptFailure, 'step' | 'atMs' | 'exitCode'> {
  try {
    const { step, atMs, exitCode } = JSON.parse(readFileSync(file, 'utf8')) as Partial<FailedStep>;
    return {
      ...(typeof step === 'string' ? { step } : {}),
      ...(typeof atMs === 'number' ? { atMs } : {}),
      ...(typeof exitCode === 'number' ? { exitCode } : {}),
    };
  } catch {
    return {};
  }
}
