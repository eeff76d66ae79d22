import { posix } from 'node:path';

/** The words of one simple command, the program first, without quotes. */
export type ShellCommand = readonly [program: string, ...args: string[]];

const SHELLS: ReadonlySet<string> = new Set(['sh', 'ash', 'bash', 'dash', 'ksh', 'zsh']);
/** Stand before a program and change nothing of what it is. */
const PREFIXES: ReadonlySet<string> = new Set([
  '!',
  '{',
  'command',
  'do',
  'else',
  'env',
  'if',
  'sudo',
  'then',
  'time',
  'while',
]);

/** What an instruction runs, in order, as far as its text tells; JSON that names a shell with -c is looked into. */
export function commandsOf({
  form,
  args,
}: {
  form: 'shell' | 'exec';
  args: readonly string[];
}): readonly ShellCommand[] {
  const script = form === 'shell' ? args.join(' ') : scriptOf(args);
  if (script !== undefined) return shellCommands(script);
  const command = asCommand(args);
  return command === undefined ? [] : [command];
}

/** The `-c` argument of a shell. */
export function scriptOf(args: readonly string[]): string | undefined {
  if (!SHELLS.has(posix.basename(args[0] ?? ''))) return undefined;
  const at = args.findIndex((arg) => /^-[a-z]*c$/.test(arg));
  return at < 0 ? undefined : args[at + 1];
}

/** In time linear in the text. Substitutions and subshells count as commands of their own. */
export function shellCommands(text: string): readonly ShellCommand[] {
  const commands: ShellCommand[] = [];
  let words: string[] = [];
  const end = (): void => {
    const command = asCommand(words);
    if (command !== undefined) commands.push(command);
    words = [];
  };
  for (const token of tokens(text)) {
    if (token === undefined) end();
    else words.push(token);
  }
  end();
  return commands;
}

/** Arguments that are no options. */
export function operands(args: readonly string[]): readonly string[] {
  return args.filter((arg) => !arg.startsWith('-'));
}

function asCommand(words: readonly string[]): ShellCommand | undefined {
  const at = words.findIndex((word) => !PREFIXES.has(word) && !/^\w+=/.test(word));
  const program = words[at];
  return program === undefined ? undefined : [posix.basename(program), ...words.slice(at + 1)];
}

/** Words; undefined where a command ends. */
function* tokens(text: string): Iterable<string | undefined> {
  let word: string | undefined;
  for (let at = 0; at < text.length; ) {
    const char = text.charAt(at);
    if (SEPARATORS.includes(char) || BLANKS.includes(char)) {
      if (word !== undefined) yield word;
      word = undefined;
      if (!BLANKS.includes(char)) yield undefined;
      at++;
    } else if (char === '#' && word === undefined) {
      at = endOf('\n', text, at);
    } else {
      const { value, end } = readPiece(text, at);
      word = (word ?? '') + value;
      at = end;
    }
  }
  if (word !== undefined) yield word;
}

const SEPARATORS = '\n;&|()`';
const BLANKS = ' \t\r';

/** A quoted part, an escaped character, or one character. An open quote reaches to the end. */
function readPiece(text: string, at: number): { value: string; end: number } {
  const char = text.charAt(at);
  if (char === '\\') return { value: text.charAt(at + 1).replace('\n', ''), end: at + 2 };
  if (char === '"') return readDoubleQuoted(text, at + 1);
  if (char !== "'") return { value: char, end: at + 1 };
  const end = endOf("'", text, at + 1);
  return { value: text.slice(at + 1, end), end: end + 1 };
}

function readDoubleQuoted(text: string, start: number): { value: string; end: number } {
  let end = start;
  while (end < text.length && text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
  return { value: text.slice(start, end), end: end + 1 };
}

function endOf(char: string, text: string, from: number): number {
  const found = text.indexOf(char, from);
  return found < 0 ? text.length : found;
}
