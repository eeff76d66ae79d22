import type { SourceRange } from '../../errors.ts';
import type { RunMount, Vertex } from '../../graph/index.ts';
import type { Dockerfile } from '../ast.ts';
import { type ArgSummary, compareRanges } from '../lower/arg-summaries.ts';
import { type LowerDeps, lower } from '../lower/lower.ts';
import type { LowerOptions } from '../options.ts';

/** What a build of one target takes. Lists are in source order. */
export interface Outline {
  /** Of the target; undefined for a stage without AS. */
  readonly name: string | undefined;
  readonly description: string | undefined;
  readonly args: readonly ArgSummary[];
  readonly secrets: readonly MountSummary[];
  readonly ssh: readonly MountSummary[];
}

/** A secret or an agent by its id, at the first RUN that mounts it. */
export interface MountSummary {
  readonly id: string;
  /** Some RUN fails without it. */
  readonly isRequired: boolean;
  readonly range: SourceRange;
}

/** @throws BuildError as lower does: bases are resolved, for their triggers take arguments and secrets as well. */
export async function outlineDockerfile(
  dockerfile: Dockerfile,
  options: LowerOptions,
  deps: LowerDeps,
): Promise<Outline> {
  const { definition, stages, args } = await lower(dockerfile, options, deps);
  const target = stages.find(({ isTarget }) => isTarget);
  return {
    name: target?.name,
    description: target?.description,
    args,
    secrets: mountsOf(definition.vertices, 'secret'),
    ssh: mountsOf(definition.vertices, 'ssh'),
  };
}

function mountsOf(vertices: readonly Vertex[], type: 'secret' | 'ssh'): readonly MountSummary[] {
  const found = new Map<string, MountSummary>();
  for (const { op, origin } of vertices) {
    if (op.kind !== 'run' || origin.range === undefined) continue;
    for (const mount of op.mounts.filter((one) => isOf(one, type))) {
      const one = { id: mount.id, isRequired: mount.required, range: origin.range };
      found.set(mount.id, merged(found.get(mount.id), one));
    }
  }
  return [...found.values()].sort((a, b) => compareRanges(a.range, b.range));
}

type NamedMount = Extract<RunMount, { type: 'secret' | 'ssh' }>;

function isOf(mount: RunMount, type: 'secret' | 'ssh'): mount is NamedMount {
  return mount.type === type;
}

function merged(earlier: MountSummary | undefined, later: MountSummary): MountSummary {
  if (earlier === undefined) return later;
  const [first] = [earlier, later].sort((a, b) => compareRanges(a.range, b.range));
  return { ...(first ?? later), isRequired: earlier.isRequired || later.isRequired };
}
