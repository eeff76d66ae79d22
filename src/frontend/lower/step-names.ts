import type { Heredoc } from '../ast.ts';
import type { BuildEnv } from '../config/index.ts';
import { expandWord } from '../expand/index.ts';
import type { Escape } from './expander.ts';

export interface StepPlace {
  /** '' when the Dockerfile has one stage only. */
  readonly label: string;
  readonly index: number;
  readonly total: number;
  readonly isTrigger: boolean;
}

/** `[build  4/12] ONBUILD RUN npm ci` */
export function stepName(text: string, { label, index, total, isTrigger }: StepPlace): string {
  const count = `${String(index).padStart(String(total).length)}/${total}`;
  return `[${label === '' ? '' : `${label} `}${count}] ${isTrigger ? 'ONBUILD ' : ''}${text}`;
}

/** COPY, ADD and WORKDIR as they are done: variables expanded, the keyword in capitals. */
export function expandedText(text: string, { env, escapeToken }: { env: BuildEnv; escapeToken: Escape }): string {
  const upper = upperKeyword(text);
  try {
    return expandWord(upper, { env: (name) => env.get(name), escape: escapeToken });
  } catch {
    return upper;
  }
}

/** RUN as the shell will see it, with the variables filled in that the builder knows, and what a lone heredoc begins with. */
export function runText(
  { text, soleHeredoc }: { text: string; soleHeredoc: Heredoc | undefined },
  lookUp: (name: string) => string | undefined,
): string {
  const filled = upperKeyword(text).replace(
    /\\.|'[^']*'|\$\{(\w+)\}|\$(\w+)/gs,
    (all, braced?: string, bare?: string) => lookUp(braced ?? bare ?? '') ?? all,
  );
  return soleHeredoc === undefined ? filled : `${filled} (${summary(soleHeredoc.content)})`;
}

function upperKeyword(text: string): string {
  return text.replace(/^\S+/, (keyword) => keyword.toUpperCase());
}

function summary(content: string): string {
  const [first = '', ...more] = content.trim().split(/\r?\n/);
  return more.length === 0 ? first : `${first}...`;
}
