import type { Definition, Vertex } from '../graph/index.ts';
import type { StepInfo } from '../progress/index.ts';

/** Names every vertex for the event stream: steps as `s1`, `s2`, …, what is internal as `i1`, …, in Dockerfile order. */
export function planSteps(
  definition: Definition,
  file: string,
): { steps: StepInfo[]; stepID: (vertex: Vertex) => string } {
  const ids = new Map<Vertex, string>();
  const steps: StepInfo[] = [];
  const count = { s: 0, i: 0 };
  for (const vertex of definition.vertices) {
    const letter = vertex.origin.isStep ? 's' : 'i';
    count[letter] += 1;
    const id = `${letter}${count[letter]}`;
    ids.set(vertex, id);
    const { name, stage, kind, range, isStep } = vertex.origin;
    steps.push({ id, name, stage, kind, file: range?.file ?? file, line: range?.startLine ?? 0, isStep });
  }
  return {
    steps,
    stepID(vertex) {
      const id = ids.get(vertex);
      if (id === undefined) throw new Error(`${vertex.origin.name} was not planned`);
      return id;
    },
  };
}
