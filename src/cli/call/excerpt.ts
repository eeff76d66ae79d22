import type { SourceRange, SourceText } from '../../errors.ts';
import { plainText } from '../../progress/render/words.ts';

const RULER = '-'.repeat(20);
/** How many lines are shown around one line, and around several. */
const AROUND_ONE = 4;
const AROUND_MANY = 2;

/** The lines of a range with `>>>` before them, and some around, as BuildKit shows them. */
export function excerpt(
  { file, text }: SourceText,
  range: Pick<SourceRange, 'startLine' | 'endLine'>,
): readonly string[] {
  const lines = text.split('\n');
  const first = range.startLine;
  if (first < 1 || first > lines.length) return [];
  const last = Math.min(Math.max(first, range.endLine), lines.length);
  const [from, to] = withPadding(first, last, lines.length);
  const shown = lines.slice(from - 1, to).map((line, index) => {
    const number = from + index;
    const mark = number >= first && number <= last ? '>>>' : '   ';
    return ` ${String(number).padStart(3)} | ${mark} ${plainText(line.replace(/\r$/, '')).replaceAll('\t', '    ')}`;
  });
  return [`${plainText(file)}:${first}`, RULER, ...shown, RULER];
}

/** Grows in turn above and below; a turn that finds no line on one side counts all the same. */
function withPadding(first: number, last: number, count: number): readonly [number, number] {
  const wanted = first === last ? AROUND_ONE : AROUND_MANY;
  let [from, to] = [first, last];
  for (let grown = 0; grown < wanted; grown++) {
    if (from > 1) {
      from--;
      grown++;
    }
    if (to < count) {
      to++;
      grown++;
    }
  }
  return [from, to];
}
