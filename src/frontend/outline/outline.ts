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

/** A secret or an agent by its id, as one RUN mounts it: the first of the target, else of its base, else of what it reads from. */
export interface MountSummary {
  readonly id: string;
  /** That RUN fails without it. */
  readonly isRequired: boolean;
  readonly range: SourceRange;
}

/** @throws BuildError as lower does: bases are resolved, for their triggers take arguments and secrets as well. */
export async function outlineDockerfile(
  dockerfile: Dockerfile,
  options: LowerOptions,
  deps: LowerDeps,
): Promise<Outline> {
  const { definition, stages, visits, args } = await lower(dockerfile, options, deps);
  const vertices = byVisit(definition.vertices, visits);
  const target = stages.find(({ isTarget }) => isTarget);
  return {
    name: target?.name,
    description: target?.description,
    args,
    secrets: mountsOf(vertices, 'secret'),
    ssh: mountsOf(vertices, 'ssh'),
  };
}

function byVisit(vertices: readonly Vertex[], visits: readonly string[]): readonly Vertex[] {
  const rank = new Map(visits.map((stage, index) => [stage, index]));
  const rankOf = ({ origin }: Vertex): number => rank.get(origin.stage) ?? visits.length;
  return vertices.toSorted((a, b) => rankOf(a) - rankOf(b));
}

function mountsOf(vertices: readonly Vertex[], type: 'secret' | 'ssh'): readonly MountSummary[] {
  const found = new Map<string, MountSummary>();
  for (const { op, origin } of vertices) {
    if (op.kind !== 'run' || origin.range === undefined) continue;
    for (const { id, required } of op.mounts.filter((one) => isOf(one, type))) {
      if (!found.has(id)) found.set(id, { id, isRequired: required, range: origin.range });
    }
  }
  return [...found.values()].sort((a, b) => compareRanges(a.range, b.range));
}

type NamedMount = Extract<RunMount, { type: 'secret' | 'ssh' }>;

function isOf(mount: RunMount, type: 'secret' | 'ssh'): mount is NamedMount {
  return mount.type === type;
}
