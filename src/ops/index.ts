import type { OpRunners } from '../solver/index.ts';
import { copyOp } from './copy-op.ts';
import type { OpDeps } from './deps.ts';
import { gitOp } from './git.ts';
import { contextOp, imageOp, scratchOp } from './given.ts';
import { httpOp } from './http.ts';
import { mkdirOp } from './mkdir-op.ts';
import { runOp } from './run/index.ts';

export { lookupFollowed } from './copy/index.ts';

export { type Taken, takenFrom } from './copy/taken.ts';
export type { OpDeps, OpenStack, PublishedLayer, RunEnvironment, WrittenLayer } from './deps.ts';
export { writeTree } from './git.ts';
export { imageMaterial } from './given.ts';

/** Every kind of op with its key and its way to run. */
export function makeRunners(deps: OpDeps): OpRunners {
  return {
    image: imageOp,
    scratch: scratchOp,
    context: contextOp(deps),
    copy: copyOp(deps),
    run: runOp(deps),
    mkdir: mkdirOp(deps),
    http: httpOp(deps),
    git: gitOp(deps),
  };
}
