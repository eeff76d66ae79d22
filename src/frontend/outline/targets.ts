import type { SourceRange } from '../../errors.ts';
import type { Dockerfile } from '../ast.ts';
import { descriptionOf } from '../lower/descriptions.ts';
import { splitStages } from '../lower/stages.ts';

/** A stage that --target can name, as it is written. */
export interface TargetSummary {
  /** Lower case; undefined without AS. */
  readonly name: string | undefined;
  readonly description: string | undefined;
  readonly isDefault: boolean;
  /** As written, variables and all. */
  readonly base: string;
  readonly platform: string | undefined;
  readonly range: SourceRange;
}

/** In source order, from the text alone. @throws BuildError as lower does for a file without stages. */
export function listTargets(dockerfile: Dockerfile): readonly TargetSummary[] {
  const { stages } = splitStages(dockerfile);
  return stages.map(({ from }, index) => {
    const name = from.as?.text.toLowerCase();
    return {
      name,
      description: name === undefined ? undefined : descriptionOf(from.comments, name),
      isDefault: index === stages.length - 1,
      base: from.image.text,
      platform: from.flags.find((flag) => flag.name === 'platform')?.value,
      range: from.range,
    };
  });
}
