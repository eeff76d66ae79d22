import { clip } from './render/width.ts';
import { plainText } from './render/words.ts';

const MAX_COLUMNS = 300;
/** Of a column: what is behind so many is not looked at. */
const MAX_UNITS = 16;

/**
 * Text from outside as one line of code on a Markdown page, in a table and in HTML too: nothing in it is markup, a link, a
 * mention or a formula. What is longer than so many columns is cut.
 */
export function codeText(text: string, columns = MAX_COLUMNS): string {
  const line = clip(
    plainText(text.slice(0, columns * MAX_UNITS))
      .replace(/\s+/g, ' ')
      .trim(),
    columns,
  );
  return line === '' ? '' : `<code>${line.replace(SPECIAL, (one) => `&#${one.charCodeAt(0)};`)}</code>`;
}

/** A line of output within a block of HTML. */
export function blockText(text: string): string {
  const line = text
    .slice(0, MAX_COLUMNS * MAX_UNITS)
    .split('\t')
    .map(plainText)
    .join('    ');
  return clip(line, MAX_COLUMNS).replace(/[&<>]/g, (one) => `&#${one.charCodeAt(0)};`);
}

/** Brackets count where a link could follow, underscores where a word begins or ends. */
const SPECIAL = /[&<>|`\\*~$]|\](?=[([])|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|:(?=\/\/)|(?<=www)\./g;
