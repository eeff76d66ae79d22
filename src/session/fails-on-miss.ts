import type { BuildOptions } from '../build-options.ts';
import type { Definition, Vertex } from '../graph/index.ts';
import { findStageOrStep, type StepInfo } from '../progress/index.ts';

/** Ids of the steps whose miss ends the build; the same work in another place counts as well. @throws BuildError step-unknown */
export function failsOnMiss(
  wanted: BuildOptions['failOnMiss'],
  {
    definition,
    steps,
    stepID,
  }: { definition: Definition; steps: readonly StepInfo[]; stepID: (vertex: Vertex) => string },
): ReadonlySet<string> | undefined {
  if (wanted === undefined) return undefined;
  const shown = steps.filter(({ isStep }) => isStep);
  const meant = wanted === true ? shown : wanted.flatMap((word) => findStageOrStep(shown, word));
  const ids = new Set(meant.map(({ id }) => id));
  const works = new Set(definition.vertices.filter((one) => ids.has(stepID(one))).map(({ digest }) => digest));
  return new Set(definition.vertices.filter(({ digest }) => works.has(digest)).map(stepID));
}
