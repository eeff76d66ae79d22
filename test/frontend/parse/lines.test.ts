import { describe, expect, test } from 'vitest';
import { one, parse, place, problems, read, textAt } from './rig.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('A1 the file', () => {
  const files: readonly (readonly [rule: string, text: string, problem: string])[] = [
    ['A1.3 empty', '', '1:1-1:1 dockerfile-empty the Dockerfile cannot be empty'],
    ['A1.3 comments only', '# nothing\n\n# here\n', '3:1-3:7 dockerfile-empty file with no instructions'],
    ['A1.3 blank', ' \n\t\n', '2:1-2:2 dockerfile-empty file with no instructions'],
    [
      'A1.3 only ARGs',
      'ARG A=1\nARG B',
      '2:1-2:6 dockerfile-empty dockerfile contains no stages to build: no stage begins with FROM',
    ],
    [
      'A1.3 before FROM',
      'ARG A\nRUN x\nFROM a\n',
      '2:1-2:4 stage-invalid no build stage in current context: RUN stands before the first FROM',
    ],
    ['A1.5 unknown instruction', 'FROM a\n\nRUNN x\n', '3:1-3:5 unknown-instruction unknown instruction: RUNN'],
    ['A1.5 a keyword on two lines', 'FROM a\nRU\\\nNN x', '2:1-3:3 unknown-instruction unknown instruction: RUNN'],
  ];
  test.each(files)('%s', (_rule, text, problem) => expect(problems(text)).toEqual([problem]));

  test('A1.2 a line of 65,535 bytes is read, one more is not', () => {
    const line = (length: number): string => `FROM a\nRUN ${'x'.repeat(length - 4)}\r\nRUN y`;
    expect(problems(line(65_534))).toEqual([]);
    expect(problems(line(65_535))).toEqual([
      '2:1-2:65536 syntax-error dockerfile line greater than max allowed size of 65535',
    ]);
    expect(parse(line(70_000)).instructions.map(({ text }) => text)).toEqual(['FROM a', 'RUN y']);
    expect(problems(`FROM a\nRUN ${'é'.repeat(33_000)}`)).toHaveLength(1);
    expect(problems(`FROM a\nRUN x \\\n${'é'.repeat(20_000)}`)).toEqual([]);
  });

  test('A1.2 byte order mark and CRLF', () => {
    const file = parse(bytes('\ufeffFROM a\r\n# c\r\nENV A=1 \\\r\n    B=2\r\nRUN a \\\r\n  b\r\n'));
    expect(file.text.startsWith('FROM')).toBe(true);
    expect(file.errors).toEqual([]);
    expect(file.instructions.map(({ text, range }) => [text, place(range)])).toEqual([
      ['FROM a', '1:1-1:7'],
      ['ENV A=1     B=2', '3:1-4:8'],
      ['RUN a   b', '5:1-6:4'],
    ]);
  });

  test('A1.4 blanks before the first line go, before the others they stay', () => {
    expect(one('run', ' \t run echo a \\\n   b').args).toEqual(['echo a    b']);
    expect(one('run', ' \t run echo a').keyword).toBe('RUN');
    expect(one('run', ' \t run echo a').keywordText).toBe('run');
    expect(place(one('run', ' \t run echo a').range)).toBe('2:4-2:14');
  });

  test('every error of a file is told, in source order', () => {
    const text = 'FROM\nCOPPY a b\nCOPY --chwon=1 --link=x a /\nENV A\nRUN fine\nUSER\n';
    expect(problems(text).map((problem) => problem.split(' ').slice(0, 2).join(' '))).toEqual([
      '1:1-1:5 instruction-invalid',
      '2:1-2:6 unknown-instruction',
      '3:6-3:15 unknown-flag',
      '3:16-3:24 flag-invalid',
      '4:5-4:6 instruction-invalid',
      '6:1-6:5 instruction-invalid',
    ]);
    expect(parse(text).instructions.map(({ kind }) => kind)).toEqual(['run']);
    expect(parse(text).errors.every(({ hint }) => hint !== undefined)).toBe(true);
  });

  test('an instruction that an empty line ends reaches that line', () => {
    expect(place(one('run', 'RUN a \\\n\n').range)).toBe('2:1-3:1');
    expect(place(one('run', 'RUN a \\\n\r\n').range)).toBe('2:1-3:1');
  });

  test('the AST is frozen', () => {
    const { instructions } = parse('FROM a AS b\n');
    expect(Object.isFrozen(instructions)).toBe(true);
    expect(Object.isFrozen(instructions[0]?.range)).toBe(true);
  });
});

describe('A2 comments and directives', () => {
  test('A2.1 comments are dropped, in a continued instruction too', () => {
    expect(one('run', 'RUN echo a \\\n# c\n    b \\\n   # d\n    c').args).toEqual(['echo a     b     c']);
    expect(one('run', 'RUN echo a # b').args).toEqual(['echo a # b']);
  });

  test('comments belong to the instruction below them, but for those above an empty comment', () => {
    const [from, arg, run] = read(
      '# syntax=x\n# one\n#\n\n# base is it\n\nFROM a AS base\n# gone\n#\n# more\n\n# A is a\nARG A B\nRUN x',
    );
    expect([from?.comments, arg?.comments, run?.comments]).toEqual([['base is it'], ['more', 'A is a'], []]);
  });

  const directives: readonly (readonly [rule: string, text: string, directives: object])[] = [
    ['A2.2 any case, any blanks', '#   EsCaPe   =   `  \nFROM a', { escape: '`' }],
    ['A2.2 indented', '  # escape=`\nFROM a', { escape: '`' }],
    ['A2.2 after a comment', '# just a comment\n# escape=`\nFROM a', { escape: '\\' }],
    ['A2.2 after a blank line', '\n# escape=`\nFROM a', { escape: '\\' }],
    ['A2.2 after an unknown one', '# foo=bar\n# escape=`\nFROM a', { escape: '\\' }],
    ['A2.2 after an instruction', 'FROM a\n# escape=`', { escape: '\\' }],
    [
      'A2.4 first word of syntax',
      '# syntax = docker/dockerfile:1 // opts\n# check=skip=all\nFROM a',
      { escape: '\\', syntax: 'docker/dockerfile:1', check: 'skip=all' },
    ],
    [
      'A2.4 after a shebang',
      '#!/usr/bin/env x\n# check=skip=all\n# escape=`\nFROM a',
      { escape: '\\', check: 'skip=all' },
    ],
    ['A2.4 first word of check', '# check=skip=A, B\nFROM a', { escape: '\\', check: 'skip=A,' }],
    ['A2.4 check is not indented', ' # check=skip=all\nFROM a', { escape: '\\' }],
  ];
  test.each(directives)('%s', (_rule, text, expected) => {
    expect(problems(text)).toEqual([]);
    expect(parse(text).directives).toEqual(expected);
  });

  const refused: readonly (readonly [rule: string, text: string, problem: string])[] = [
    [
      'A2.3 twice',
      '# escape=\\\n# escape=`\nFROM a',
      '2:10-2:11 syntax-error only one escape parser directive can be used',
    ],
    ['A2.3 value', '# escape=x\nFROM a', "1:10-1:11 syntax-error invalid escape token 'x' does not match ` or \\"],
  ];
  test.each(refused)('%s', (_rule, text, problem) => expect(problems(text)).toEqual([problem]));

  const checks: readonly (readonly [rule: string, text: string, problem: string | undefined])[] = [
    ['A2.5 key', 'skp=A', 'invalid check option "skp"'],
    ['A2.5 no value', 'skip', 'invalid check option "skip"'],
    ['A2.5 error', 'error=yes', 'failed to parse check option "error=yes"'],
    ['A2.5 a blank ends it', 'skip=A; error=true', 'invalid check option ""'],
    ['A2.5 a comment behind a blank', 'error=true // opts', undefined],
    ['A2.5 all of its keys', 'skip=A,B;error=true;experimental=all', undefined],
  ];
  test.each(checks)('%s', (_rule, value, problem) => {
    const { errors, checkError } = parse(`# check=${value}\nFROM a`);
    expect([errors, checkError?.message]).toEqual([[], problem]);
    if (checkError !== undefined) expect(place(checkError.range)).toBe(`1:9-1:${9 + value.replace(/ .*/, '').length}`);
  });
});

describe('A2.6 continuation', () => {
  const joined: readonly (readonly [rule: string, text: string, line: string])[] = [
    ['blanks behind it', 'RUN end \\  \t\n  trail', 'RUN end   trail'],
    ['escaped', 'RUN a \\\\\nRUN b', 'RUN a \\\\'],
    ['alone on a line', 'RUN a \\\n\\\nb', 'RUN a b'],
    ['in quotes', "RUN echo 'x\\\n   y'", "RUN echo 'x   y'"],
    ['at the end of the file', 'RUN a \\', 'RUN a'],
    ['before comments to the end', 'RUN a \\\n# c\n# d', 'RUN a'],
    ['first of all', '\\\nRUN a', 'RUN a'],
  ];
  test.each(joined)('%s', (_rule, text, line) => expect(read(`FROM a\n${text}`)[1]?.text).toBe(line));

  test('with the escape character of the file', () => {
    expect(read('# escape=`\nFROM a\nRUN dir C:\\ `\n  x')[1]?.text).toBe('RUN dir C:\\   x');
    expect(read('# escape=`\nFROM a\nRUN dir C:\\\nRUN x')).toHaveLength(3);
  });

  test('A2.7 blank lines are skipped and noted at the end of the instruction', () => {
    const { diagnostics, instructions } = parse('FROM a\nRUN echo a \\\n\n  && echo b\nRUN x');
    expect(instructions[1]?.text).toBe('RUN echo a   && echo b');
    expect(diagnostics).toEqual([
      {
        code: 'NoEmptyContinuation',
        message: 'Empty continuation line',
        range: { file: 'Dockerfile', startLine: 4, startColumn: 1, endLine: 4, endColumn: 12 },
      },
    ]);
  });

  test('words are located on the lines where they stand', () => {
    const text = 'FROM a\nCOPY --link \\\n  # c\n  --from=b \\\n  one \\\n\n two \\\n   /dest/\n';
    const copy = read(text)[1];
    if (copy?.kind !== 'copy') throw new Error('no copy');
    expect([...copy.flags, ...copy.sources, copy.dest].map(({ range }) => place(range))).toEqual([
      '2:6-2:12',
      '4:3-4:11',
      '5:3-5:6',
      '7:2-7:5',
      '8:4-8:10',
    ]);
    expect([...copy.flags, ...copy.sources, copy.dest].every((word) => textAt(text, word.range) === word.text)).toBe(
      true,
    );
  });
});
