import type { CheckResult } from '../../check.ts';
import { describeRule } from '../../frontend/index.ts';
import { plainText } from '../../progress/render/words.ts';
import { excerpt } from './excerpt.ts';

/** What BuildKit prints: the count, then each finding with its page and the lines it is about. */
export function checkText({ source, diagnostics, error }: CheckResult): string {
  if (diagnostics.length === 0) return error === undefined ? 'Check complete, no warnings found.\n' : '';
  const count =
    diagnostics.length === 1 ? '1 warning has been found!' : `${diagnostics.length} warnings have been found!`;
  const parts = diagnostics.map(({ code, message, hint, range }) => {
    const { url } = describeRule(code);
    const lines = [
      `WARNING: ${code}${url === undefined ? '' : ` - ${url}`}`,
      plainText(message),
      ...(hint === undefined ? [] : [`hint: ${hint}`]),
      ...excerpt(source, range),
    ];
    return `\n${lines.join('\n')}\n`;
  });
  return `Check complete, ${count}\n${parts.join('')}`;
}
