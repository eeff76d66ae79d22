import type { LayerRef } from '../../../cache/index.ts';
import { BuildError } from '../../errors.ts';
import type { StepContext } from '../../solver/index.ts';
import type { Leak } from '../../worker/protocol.ts';
import type { OpDeps } from '../deps.ts';

const MEMO = 'secret-leaks';

/** Kept by content: the layer may come back in another build, or from an earlier record. */
export function rememberLeaks(
  leaks: readonly Leak[],
  { layer, memo }: { layer: Pick<LayerRef, 'contentID'>; memo: OpDeps['memo'] },
): void {
  memo.put(MEMO, layer.contentID, JSON.stringify(leaks));
}

/** What a cached layer is known to hold. @throws BuildError secret-leaked, when no layer may */
export function recallLeaks(
  layers: readonly LayerRef[],
  { step, deps }: { step: StepContext; deps: Pick<OpDeps, 'memo' | 'runEnvironment'> },
): void {
  const { secretLeak = 'warn' } = deps.runEnvironment;
  if (secretLeak === 'off') return;
  for (const { contentID } of layers) {
    const text = deps.memo.get(MEMO, contentID);
    if (text === undefined) continue;
    const leaks = JSON.parse(text) as readonly Leak[];
    if (secretLeak === 'warn') tellLeaks(leaks, step);
    else throw leakedBefore(leaks);
  }
}

export function tellLeaks(leaks: readonly Leak[], step: Pick<StepContext, 'warn'>): void {
  for (const { id, paths } of leaks) {
    step.warn(`the layer of this RUN holds secret ${id}: ${paths.join(', ')}; whoever has the image can read it there`);
  }
}

function leakedBefore(leaks: readonly Leak[]): BuildError {
  const words = leaks.map(({ id, paths }) => `secret ${id} in ${paths.join(', ')}`).join('; ');
  return new BuildError('secret-leaked', `the cached layer of this RUN holds a secret: ${words}`, {
    hint: 'remove in the same RUN what holds it; --secret-leak=warn builds anyway',
  });
}
