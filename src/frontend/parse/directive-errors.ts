import { BuildError } from '../../errors.ts';
import { directiveValueOf } from './adapter.ts';
import type { PhysicalLine, Source } from './source.ts';

/** Located at the directive's value. */
export function directiveError(
  { text, rangeOf }: Source,
  { start, end }: PhysicalLine,
  { message, hint }: { readonly message: string; readonly hint: string },
): BuildError {
  const value = directiveValueOf(text.slice(start, end)) ?? { start: 0, end: end - start };
  return new BuildError('syntax-error', message, { range: rangeOf(start + value.start, start + value.end), hint });
}
