/** How many columns of a terminal a text takes; without control characters. */
export function textWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes(text)) width += graphemeWidth(segment);
  return width;
}

/**
 * Cuts to so many columns, the last of them an ellipsis. Of characters that are drawn as one by some terminals and side by side
 * by others, all count: nowhere is the text wider.
 */
export function clip(text: string, width: number): string {
  if (ASCII.test(text) && text.length <= width) return text;
  let end = 0;
  let left = width;
  for (const { segment, index } of graphemes(text)) {
    left -= greatestWidth(segment);
    if (left < 0) return width < 1 ? '' : `${text.slice(0, end)}…`;
    if (left > 0) end = index + segment.length;
  }
  return text;
}

/** With blanks after it, so many columns wide. */
export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - textWidth(text)));
}

const ASCII = /^[\u0020-\u007e]*$/;
/** East Asian wide and full-width characters, and emoji that are shown as pictures. */
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18aff}\u{1b000}-\u{1b2ff}\u{1f200}-\u{1f2ff}\u{20000}-\u{3fffd}]|^\p{Emoji_Presentation}|\ufe0f/u;
const NO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}]+$/u;

let segmenter: Intl.Segmenter | undefined;

function graphemes(text: string): Intl.Segments {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  return segmenter.segment(text);
}

function greatestWidth(segment: string): number {
  return segment.length === 1
    ? graphemeWidth(segment)
    : Math.max(
        graphemeWidth(segment),
        Array.from(segment).reduce((sum, one) => sum + graphemeWidth(one), 0),
      );
}

function graphemeWidth(segment: string): number {
  if (NO_WIDTH.test(segment)) return 0;
  return WIDE.test(segment) ? 2 : 1;
}
