import { describe, expect, test } from 'vitest';
import { parseInstruction } from '../../../src/frontend/parse/index.ts';

const range = { file: 'Dockerfile', startLine: 7, startColumn: 1, endLine: 7, endColumn: 12 };
const trigger = (text: string): ReturnType<typeof parseInstruction> =>
  parseInstruction(text, { file: 'Dockerfile', range });

describe('A10.3 an ONBUILD trigger', () => {
  test('everything in it is located at its FROM', () => {
    const { instruction, errors } = trigger('COPY --from=builder <<x /out/ /in/\nbody\nx');
    expect(errors).toEqual([]);
    if (instruction?.kind !== 'copy') throw new Error('no copy');
    const located = [instruction, instruction.flags[0], instruction.dest, instruction.heredocs[0]];
    expect(located.map((part) => part?.range)).toEqual([range, range, range, range]);
    expect(instruction.heredocs[0]?.content).toBe('body\n');
  });

  test('its backslash continues and escapes, whatever the Dockerfile that fires it says', () => {
    expect(trigger('RUN a \\\n b').instruction).toMatchObject({ args: ['a  b'] });
  });

  const refused: readonly (readonly [text: string, code: string, message: string])[] = [
    ['RUNN x', 'unknown-instruction', 'unknown instruction: RUNN'],
    ['COPY --x a b', 'unknown-flag', 'unknown flag: --x of COPY'],
    ['RUN a\nRUN b', 'onbuild-invalid', 'onbuild trigger should be a single expression'],
    ['', 'onbuild-invalid', 'onbuild trigger should be a single expression'],
    ['# nothing', 'onbuild-invalid', 'onbuild trigger should be a single expression'],
  ];
  test.each(refused)('%j', (text, code, message) => {
    const { instruction, errors } = trigger(text);
    expect(instruction).toBeUndefined();
    expect(errors.map((error) => [error.code, error.message, error.range])).toEqual([[code, message, range]]);
  });
});
