import { ageText } from '../../util/age-text.ts';

/** `68.2 MB`, `512 B`: decimal, as registries and docker count. */
export function sizeText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= (unit === 0 ? 1000 : ROUNDS_TO_1000) && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return unit === 0 ? `${value} B` : `${value.toFixed(1)} ${units[unit] ?? ''}`;
}

/** With one digit behind the point. */
const ROUNDS_TO_1000 = 999.95;

/** The same in a column. */
export function paddedSize(bytes: number): string {
  return sizeText(bytes).padStart(9);
}

/** `0.3 s`, `21 s`, `3 min 5 s`. */
export function durationText(ms: number): string {
  if (ms < 9950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** To have saved less is not worth a word. */
export const MIN_SAVED_MS = 50;

/** `just now`, `5 min ago`, `3 h ago`, `2 days ago`. */
export function agoText(ms: number): string {
  return ms < 60_000 ? 'just now' : `${ageText(ms)} ago`;
}

/** Of terminals, and of writing from right to left, which can make text look like another. */
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Text from a Dockerfile or a file name, safe on a terminal: no control sequences, one line. */
export function plainText(text: string): string {
  return text
    .replace(/[\r\n\u2028\u2029]+/g, ' ')
    .replaceAll('\t', ' ')
    .replace(CONTROL, '\ufffd');
}
