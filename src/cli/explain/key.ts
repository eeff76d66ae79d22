import type { Json, KeyMaterial } from '../../../cache/index.ts';
import { plainText } from '../../progress/index.ts';
import { textOf } from '../../solver/index.ts';
import { wrapAfter } from './wrap.ts';

/** Each part of a key on a line of its own; a list has a line for each of its values. */
export function keyLines({ op, version, fields, content, inputs }: KeyMaterial, columns: number): string[] {
  const parts: [string, Json | undefined][] = [
    ['op', `${op}, version ${String(version)}`],
    ...Object.entries(fields),
    ...(content === undefined ? [] : [['content', content] as [string, Json]]),
    ['inputs', inputs],
  ];
  const width = Math.max(...parts.map(([name]) => name.length));
  return parts.flatMap(([name, value]) =>
    valuesOf(value).flatMap((text, index) =>
      wrapAfter(`   ${(index === 0 ? name : '').padEnd(width)}  `, plainText(text), columns),
    ),
  );
}

function valuesOf(value: Json | undefined): string[] {
  if (Array.isArray(value) && value.length > 0) return value.map((one) => textOf(one as Json));
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return [JSON.stringify(value)];
  return [value === '' ? '""' : textOf(value)];
}
