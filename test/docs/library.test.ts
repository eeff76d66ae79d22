import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { parseDockerfile } from '../../src/index.ts';

const text = readFileSync(new URL('../../docs/library.md', import.meta.url), 'utf8');
const blockOf = (language: string): string => new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 's').exec(text)?.[1] ?? '';

describe('the example of docs/library.md', () => {
  test('prints what the page says', () => {
    const printed: string[] = [];
    const code = blockOf('js').replace(/^import .*$/m, '');
    const log = (...words: unknown[]): number => printed.push(`${words.join(' ')}\n`);
    runInNewContext(code, { parseDockerfile, console: { log } });
    expect(printed.join('')).toBe(blockOf('text'));
  });
});

describe('ranges of the tree', () => {
  test('each word on one line slices to its text', () => {
    const dockerfile = parseDockerfile(
      '# escape=`\nFROM --platform=linux/amd64 node AS b\nCOPY --from=b "x" <<f `\n  /y/\nbody\nf\nEXPOSE 80 81\nENV A=1 B="2 3"\nWORKDIR /w x\nVOLUME /a /b\n',
      { file: 'Dockerfile' },
    );
    expect(dockerfile.errors).toEqual([]);
    const lines = dockerfile.text.split('\n');
    const seen: string[] = [];
    const visit = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      expect(Object.isFrozen(value)).toBe(true);
      if ('range' in value && 'text' in value && !('kind' in value)) {
        const { range, text: word } = value as {
          range: { startLine: number; startColumn: number; endColumn: number };
          text: string;
        };
        expect(lines[range.startLine - 1]?.slice(range.startColumn - 1, range.endColumn - 1)).toBe(word);
        seen.push(word);
      }
      Object.values(value).forEach(visit);
    };
    visit(dockerfile);
    expect(seen.sort()).toEqual(
      ['--from=b', '--platform=linux/amd64', '/a', '/b', '/w x', '/y/', '80', '81', '"x"', '<<f', 'b', 'node'].sort(),
    );
    const heredoc = dockerfile.instructions.flatMap(({ heredocs }) => heredocs)[0];
    expect([heredoc?.content, heredoc?.range.startLine, heredoc?.range.endLine]).toEqual(['body\n', 5, 6]);
  });
});
