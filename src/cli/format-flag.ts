import { oneOf } from './values.ts';

/** `--format text|json`, which builds do not have, and the words without it. @throws BuildError usage */
export function takeFormat(argv: readonly string[]): { words: string[]; format: string } {
  const words = [...argv];
  const at = words.findIndex((word) => word === '--format' || word.startsWith('--format='));
  if (at < 0) return { words, format: 'text' };
  const [word = '', value = ''] = words.splice(at, words[at] === '--format' ? 2 : 1);
  const format = word.startsWith('--format=') ? word.slice('--format='.length) : value;
  return { words, format: oneOf('--format', format, ['text', 'json']) };
}
