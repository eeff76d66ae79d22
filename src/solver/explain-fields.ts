import type { Json, KeyMaterial } from '../../cache/index.ts';
import type { Change } from '../progress/index.ts';

/** Fields of a key that differ, as somebody who wrote the Dockerfile would call them. */
export function fieldChanges(now: KeyMaterial, then: KeyMaterial): Change[] {
  const changes: Change[] = [];
  for (const name of new Set([...Object.keys(now.fields), ...Object.keys(then.fields)])) {
    const before = then.fields[name];
    const after = now.fields[name];
    if (isSame(before, after)) continue;
    const change = name === 'argv' ? commandChange(before, after) : undefined;
    changes.push(change ?? { name, what: `${textOf(before)} → ${textOf(after)}` });
  }
  return changes;
}

/** A command of the shell form is told without its shell, unless that is what changed. */
function commandChange(before: Json | undefined, after: Json | undefined): Change | undefined {
  const then = shellForm(before);
  const now = shellForm(after);
  if (then === undefined || now === undefined) return undefined;
  if (then.command === now.command) return { name: 'shell', what: `${then.shell} → ${now.shell}` };
  if (then.shell !== now.shell) return undefined;
  // Only a heredoc hands the shell text that ends with a line break.
  const name = then.command.endsWith('\n') && now.command.endsWith('\n') ? 'heredoc' : 'argv';
  return { name, what: `${then.command.trimEnd()} → ${now.command.trimEnd()}` };
}

function shellForm(argv: Json | undefined): { shell: string; command: string } | undefined {
  if (!Array.isArray(argv) || argv.length < 2) return undefined;
  const command = argv.at(-1) as Json;
  const flag = argv.at(-2) as Json;
  if (typeof command !== 'string' || typeof flag !== 'string' || !/^[-/]/.test(flag)) return undefined;
  return { shell: argv.slice(0, -1).join(' '), command };
}

/** `none` for what is not there; flags of mounts as a Dockerfile writes them. */
export function textOf(value: Json | undefined): string {
  if (value === undefined || value === null) return 'none';
  if (typeof value === 'string') return value;
  if (isList(value)) return value.length === 0 ? 'none' : value.map(textOf).join(' ');
  if (typeof value === 'object') return flagText(value);
  return JSON.stringify(value);
}

/** What a Dockerfile need not say is left out: an absent value, a number that is the default. */
const DEFAULTS: { readonly [name: string]: Json } = { uid: 0, gid: 0, mode: 0o400 };

function flagText(value: { readonly [name: string]: Json }): string {
  return Object.entries(value)
    .filter(([name, one]) => one !== null && one !== false && one !== DEFAULTS[name])
    .map(([name, one]) => {
      if (one === true) return name.toLowerCase();
      return `${name.toLowerCase()}=${name === 'mode' && typeof one === 'number' ? one.toString(8).padStart(4, '0') : textOf(one)}`;
    })
    .join(',');
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

export function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

const MAX_TEXT = 60;

/** `npm ci → npm ci --omit=dev`; of long texts the part where they differ. */
export function editText(what: string): string {
  const [then = '', now = '', ...more] = what.split(' → ');
  if (more.length > 0 || (then.length <= MAX_TEXT && now.length <= MAX_TEXT)) return what;
  let start = 0;
  while (start < then.length && then[start] === now[start]) start += 1;
  const from = Math.max(0, start - CONTEXT);
  return `${piece(then, from)} → ${piece(now, from)}`;
}

const CONTEXT = 12;

function piece(text: string, from: number): string {
  const cut = text.slice(from, from + MAX_TEXT);
  return `${from > 0 ? '…' : ''}${cut}${from + MAX_TEXT < text.length ? '…' : ''}`;
}
