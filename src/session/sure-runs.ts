import type { Root } from '../../cache/index.ts';
import { BuildError } from '../errors.ts';
import type { Definition } from '../graph/index.ts';
import type { OpDeps } from '../ops/index.ts';

/**
 * Asks before the first step what RUNs need that no record can spare: those of --no-cache, and all of them in a root without records. The
 * others are asked for when they have missed.
 * @throws BuildError as assertCanRun, located
 */
export async function assertSureRuns(
  { vertices }: Definition,
  {
    root,
    assertCanRun,
  }: { root: { readonly records: Pick<Root['records'], 'isEmpty'> } } & Pick<OpDeps, 'assertCanRun'>,
): Promise<void> {
  const isFresh = root.records.isEmpty();
  for (const vertex of vertices) {
    if (vertex.op.kind !== 'run' || !(isFresh || vertex.origin.ignoreCache)) continue;
    try {
      await assertCanRun(vertex);
    } catch (error) {
      throw error instanceof BuildError ? error.at(vertex.origin.range) : error;
    }
  }
}
