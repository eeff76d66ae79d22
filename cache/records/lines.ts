import { appendFileSync } from 'node:fs';
import { digestOf, hexOf } from '../digest.ts';

const CHECK_DIGITS = 16;

/**
 * An append-only file of checked lines: `\n<first digits of the text's sha256>\t<text>`. The line break comes first, so that a line torn
 * by a crash does not swallow the next one.
 */
export function renderLine(text: string): string {
  return `\n${checkOf(text)}\t${text}`;
}

/** The texts of whole lines, in order, and whether there were others. */
export function parseLines(content: string): { texts: string[]; isDamaged: boolean } {
  const texts: string[] = [];
  let isDamaged = false;
  for (const line of content.split('\n')) {
    if (line === '') continue;
    const text = line.slice(CHECK_DIGITS + 1);
    if (line[CHECK_DIGITS] === '\t' && checkOf(text) === line.slice(0, CHECK_DIGITS)) texts.push(text);
    else isDamaged = true;
  }
  return { texts, isDamaged };
}

/** One write, no fsync: what a power failure tears or loses is found out by its check. @param text without line breaks */
export function appendLine(path: string, text: string): void {
  appendFileSync(path, renderLine(text), { mode: 0o600 });
}

function checkOf(text: string): string {
  return hexOf(digestOf(text)).slice(0, CHECK_DIGITS);
}
