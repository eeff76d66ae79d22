import { textWidth } from '../../progress/render/width.ts';

/**
 * A text below and beside a lead: lines of at most so many columns, broken at blanks where that can be; the lead stands on the first and
 * what follows begins in the same column.
 */
export function wrapAfter(lead: string, text: string, columns: number): string[] {
  const indent = textWidth(lead);
  if (!text.includes(' ') && textWidth(text) > columns - indent && textWidth(text) <= columns - ALONE.length)
    return [...(lead.trim() === '' ? [] : [lead.trimEnd()]), `${ALONE}${text}`];
  const room = Math.max(MIN_ROOM, columns - indent);
  return linesOf(text, room).map((line, index) => `${index === 0 ? lead : ' '.repeat(indent)}${line}`);
}

const MIN_ROOM = 16;
/** Before a word that stands on a line of its own rather than being broken: a digest is to be copied. */
const ALONE = '     ';

function linesOf(text: string, room: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && textWidth(line) + 1 + textWidth(word) > room) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
    while (textWidth(line) > room) {
      const cut = cutAt(line, room);
      lines.push(line.slice(0, cut));
      line = line.slice(cut);
    }
  }
  return [...lines, line];
}

/** Where a word that is wider than a line is broken: between characters, never inside of one. */
function cutAt(text: string, room: number): number {
  let cut = 0;
  let width = 0;
  for (const char of text) {
    width += textWidth(char);
    if (width > room) break;
    cut += char.length;
  }
  return Math.max(1, cut);
}
