import { BuildError } from '../../errors.ts';
import type { Flag } from '../ast.ts';
import type { Step } from './stage-draft.ts';

/** What a RUN asks for beyond its sandbox, as --allow names it. @throws BuildError entitlement-missing */
export function assertAllowed(entitlement: string, flag: Flag | undefined, { lowering, range }: Step): void {
  const { allow } = lowering.options;
  const [kind = ''] = entitlement.split('=', 1);
  if (allow.has(kind) || allow.has(entitlement)) return;
  throw new BuildError('entitlement-missing', `${entitlement} is not allowed`, {
    range: flag?.range ?? range,
    hint: `allow it with --allow ${entitlement}`,
  });
}
