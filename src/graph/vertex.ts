import { canonicalJson, digestOf, type Json } from '../../cache/index.ts';
import type { Origin, Target, Vertex } from './definition.ts';
import { namedInputs } from './inputs.ts';
import type { Op } from './op.ts';

/**
 * The digest covers the op and the inputs' digests, not the origin: the same work in two places has one digest.
 * An input that the op names must be there, and every input must be named: anything else is a broken invariant.
 */
export function makeVertex<O extends Op>(op: O, inputs: readonly Vertex[], origin: Origin): Vertex<O> {
  const named = new Set(namedInputs(op));
  const isExact = named.size === inputs.length && inputs.every((_, index) => named.has(index));
  if (!isExact) throw new Error(`${op.kind} names inputs ${[...named].join(', ')} and has ${inputs.length}`);
  const digest = digestOf(canonicalJson({ op, inputs: inputs.map((input) => input.digest) } as unknown as Json));
  return Object.freeze({ digest, op, inputs, origin });
}

/**
 * Every vertex below the targets, each once by identity, in the order of the Dockerfile; never before one of its inputs as
 * long as inputs do not stand on later lines.
 */
export function collectVertices(targets: readonly Pick<Target, 'vertex'>[]): readonly Vertex[] {
  const found = new Set<Vertex>();
  for (const { vertex } of targets) visit(vertex, found);
  return [...found].sort((a, b) => lineOf(a) - lineOf(b));
}

/** Inputs first; without recursion, because a Dockerfile may be long. */
function visit(top: Vertex, found: Set<Vertex>): void {
  const open: { vertex: Vertex; next: number }[] = [{ vertex: top, next: 0 }];
  for (let at = open.at(-1); at !== undefined; at = open.at(-1)) {
    const input = at.vertex.inputs[at.next++];
    if (input === undefined) {
      found.add(at.vertex);
      open.pop();
    } else if (!found.has(input)) {
      open.push({ vertex: input, next: 0 });
    }
  }
}

function lineOf({ origin }: Vertex): number {
  return origin.range?.startLine ?? 0;
}
