import type { MountSummary, Outline, TargetSummary } from '../../frontend/index.ts';
import { plainText } from '../../progress/render/words.ts';

/** Tables with an empty line below each, as BuildKit prints them. */
export function outlineText({ name, description, args, secrets, ssh }: Outline): string {
  const target = [
    ...(name === undefined && description === undefined ? [] : [['TARGET:', name ?? '(default)']]),
    ...(description === undefined ? [] : [['DESCRIPTION:', description]]),
  ];
  return [
    table(target, 1),
    titled(
      ['BUILD ARG', 'VALUE', 'DESCRIPTION'],
      args.map((arg) => [arg.name, arg.value ?? '', arg.description ?? '']),
    ),
    titled(['SECRET', 'REQUIRED'], secrets.map(mountRow)),
    titled(['SSH', 'REQUIRED'], ssh.map(mountRow)),
  ]
    .filter((text) => text !== '')
    .map((text) => `${text}\n`)
    .join('');
}

export function targetsText(targets: readonly TargetSummary[]): string {
  const rows = targets.map(({ name, isDefault, description }) => {
    const words = [name, isDefault ? '(default)' : undefined].filter((word) => word !== undefined);
    return [words.join(' '), description ?? ''];
  });
  return table([['TARGET', 'DESCRIPTION'], ...rows], 1);
}

function mountRow({ id, isRequired }: MountSummary): readonly string[] {
  return [id, isRequired ? 'true' : ''];
}

function titled(title: readonly string[], rows: readonly (readonly string[])[]): string {
  return rows.length === 0 ? '' : table([title, ...rows], 3);
}

/** Columns as wide as their widest cell and `gap` blanks. */
function table(rows: readonly (readonly string[])[], gap: number): string {
  const cells = rows.map((row) => row.map(plainText));
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)) + gap);
  return cells
    .map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(''))
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}
