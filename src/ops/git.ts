import { BuildError } from '../errors.ts';
import type { GitOp } from '../graph/index.ts';
import type { OpRunner } from '../solver/index.ts';

export const gitOp: OpRunner<GitOp> = {
  prepare({ op, origin }) {
    throw new BuildError('not-supported-yet', `ADD of a git repository (${op.url}) is not built yet`, {
      range: origin.range,
      hint: 'clone it beforehand and pass it with --build-context NAME=PATH, then COPY --from=NAME',
    });
  },
};
