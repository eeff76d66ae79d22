import type { StoredBuild } from '../../progress/index.ts';
import type { Explained } from './list.ts';

/** docs/cache.md lists the fields. */
export function explainJson({ build, against, steps, gone }: Explained): string {
  const value = {
    schemaVersion: 1,
    build: headOf(build),
    ...(against === undefined ? {} : { against: headOf(against) }),
    steps,
    ...(against === undefined ? {} : { gone }),
  };
  return `${JSON.stringify(value, null, 2)}\n`;
}

function headOf({ id, startedAt, report, context, file, target, tags, error }: StoredBuild): object {
  return { id, startedAt, result: report.result, context, file, target, tags, error };
}
