// Figures as text, and their place in bench/README.md.

import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What a build may take beside Node's own start: no aim is below. */
export const ALLOWED_MS = 60;

const HERE = dirname(fileURLToPath(import.meta.url));

/** @param {readonly number[]} values */
export function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

/** Median (least to most). @param {readonly number[]} values @param {number} [digits] */
export function spread(values, digits = 2) {
  const [middle, least, most] = [median(values), Math.min(...values), Math.max(...values)];
  return `${middle.toFixed(digits)} (${least.toFixed(digits)} to ${most.toFixed(digits)})`;
}

/** @param {readonly number[]} loads of the machine, while it was measured */
export function aboutMeasuring(loads) {
  const machine = `${cpus().length} cores, ${Math.round(totalmem() / 1e9)} GB, Linux ${release()}, Node ${process.version}`;
  return `Measured ${new Date().toISOString().slice(0, 10)}: ${machine}; load ${spread(loads, 1)}.`;
}

/** @param {readonly string[]} head @param {readonly (readonly string[])[]} rows */
export function markdownTable(head, rows) {
  const line = (/** @type {readonly string[]} */ cells) => `| ${cells.join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)];
}

/** Puts the lines between `<!-- name -->` and `<!-- name end -->`, and on stdout. @param {string} name @param {readonly string[]} lines */
export function writeToReadme(name, lines) {
  const text = `\n${lines.join('\n')}\n`;
  process.stdout.write(text);
  const readme = join(HERE, 'README.md');
  const [before, rest] = readFileSync(readme, 'utf8').split(`<!-- ${name} -->`);
  const after = rest?.split(`<!-- ${name} end -->`)[1];
  if (after === undefined) throw new Error(`${readme} has no place for ${name}`);
  writeFileSync(readme, `${before}<!-- ${name} -->${text}<!-- ${name} end -->${after}`);
}

/** results/<name>-<date>.json, of today. @param {string} name */
export function resultsFile(name) {
  return join(HERE, 'results', `${name}-${new Date().toISOString().slice(0, 10)}.json`);
}

/** Whole or not at all. @param {string} file @param {object} results */
export function writeResults(file, results) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.tmp`, `${JSON.stringify({ at: new Date().toISOString(), ...results }, null, 1)}\n`);
  renameSync(`${file}.tmp`, file);
}
