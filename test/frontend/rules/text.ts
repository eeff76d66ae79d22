import { accepts, type Row, refuses } from './row.ts';

const ARRAYS = 'when using JSON array syntax, arrays must be comprised of strings only';

/** Comments, directives, escapes, the exec form, and flags in general. */
export const textRows: readonly Row[] = [
  accepts('A2.1', 'comments in a continued instruction', 'FROM base\n  # c\nRUN a \\\n  # b && \\\n# c\n  && d', {
    argv: [['/bin/sh', '-c', 'a   && d']],
  }),
  refuses('A2.1', 'a number sign elsewhere is a letter', 'FROM base\nLABEL a=b#c\nRUN x # no comment', {
    labels: { a: 'b#c' },
    argv: [['/bin/sh', '-c', 'x # no comment']],
  }),

  accepts('A2.2', 'any case, any blanks, at the top', '#  EsCaPe =  `  \nFROM base\nRUN a `\n b', {
    directives: { escape: '`' },
    argv: [['/bin/sh', '-c', 'a  b']],
  }),
  refuses('A2.2', 'below a comment', '# a comment\n# escape=`\nFROM base', { directives: { escape: '\\' } }),
  refuses('A2.2', 'below a blank line', '\n# escape=`\nFROM base', { directives: { escape: '\\' } }),
  refuses('A2.2', 'below one that nobody knows', '# moby=1\n# escape=`\nFROM base', { directives: { escape: '\\' } }),
  refuses('A2.2', 'below an instruction', 'FROM base\n# escape=`', { directives: { escape: '\\' } }),

  accepts('A2.3', 'each of them once', '# syntax=a/b\n# escape=`\n# check=skip=all\nFROM base', {
    errors: [],
    directives: { syntax: 'a/b', escape: '`', check: 'skip=all' },
  }),
  refuses('A2.3', 'one twice', '# syntax=a\n# syntax=b\nFROM base', {
    errors: ['2:10-2:11 syntax-error only one syntax parser directive can be used'],
  }),
  refuses('A2.3', 'another escape character', '# escape=/\nFROM base', {
    errors: ["1:10-1:11 syntax-error invalid escape token '/' does not match ` or \\"],
  }),

  accepts(
    'A2.4',
    'below a shebang, its first word',
    '#!/usr/bin/tsbuild\n# syntax=a/b:1 more\n# check=skip=all\nFROM base',
    {
      directives: { syntax: 'a/b:1', check: 'skip=all' },
    },
  ),
  accepts('A2.4', 'of another language, in its own comment', '#!/bin/x\n// syntax=a/b:1 more\nmain {}\n', {
    directives: { syntax: 'a/b:1' },
  }),
  accepts('A2.4', 'of another language, as a JSON key', '{\n  "a": 1,\n  "syntax": "a/b:1"\n}\n', {
    directives: { syntax: 'a/b:1' },
  }),
  refuses('A2.4', 'what is written in another language', '// syntax=a/b:1\nFROM base', {
    errors: ['1:1-1:16 syntax-error this file asks for the build language a/b:1'],
  }),
  refuses('A2.4', 'JSON that says so', '{"syntax": "a/b:1"}', {
    errors: ['1:1-1:20 syntax-error this file asks for the build language a/b:1'],
  }),
  refuses('A2.4', 'escape below a shebang', '#!/bin/x\n# escape=`\nFROM base', { directives: { escape: '\\' } }),
  refuses('A2.4', 'check in another comment', '// check=skip=all\nFROM base', {
    errors: ['1:1-1:3 unknown-instruction unknown instruction: //'],
  }),

  accepts('A2.5', 'of the file', '# check=skip=StageNameCasing;error=true\nFROM base AS X', {
    errors: [],
    findings: [],
  }),
  accepts('A2.5', 'above one instruction', ['FROM base', '# check=skip=WorkdirRelativePath', 'WORKDIR x'], {
    findings: [],
  }),
  accepts('A2.5', 'experimental ones are asked for', '# check=experimental=all\n\n# no description\nFROM base AS a', {
    findings: ['4 InvalidDefinitionDescription'],
  }),
  refuses('A2.5', 'an option that is none', '# check=skp=all\nFROM base', {
    errors: ['1:9-1:16 syntax-error invalid check option "skp"'],
  }),
  refuses(
    'A2.5',
    'no more than that instruction',
    ['FROM base', '# check=skip=MaintainerDeprecated', 'MAINTAINER a', 'MAINTAINER b'],
    {
      findings: ['4 MaintainerDeprecated'],
    },
  ),
  refuses('A2.5', 'findings, when they are errors', '# check=error=true\nFROM base AS X', {
    errors: ['2:1-2:15 check-failed lint violation found for rules: StageNameCasing'],
  }),

  accepts('A2.6', 'blanks behind the escape character', 'FROM base\nRUN a \\ \t\n  b', {
    lines: ['FROM base', 'RUN a   b'],
  }),
  refuses('A2.6', 'two of them', 'FROM base\nRUN a \\\\\nRUN b', { lines: ['FROM base', 'RUN a \\\\', 'RUN b'] }),
  refuses('A2.6', 'the other one', '# escape=`\nFROM base\nRUN a \\\nRUN b', {
    lines: ['FROM base', 'RUN a \\', 'RUN b'],
  }),

  accepts('A2.7', 'comment lines, in silence', 'FROM base\nRUN a \\\n# c\n  b', {
    argv: [['/bin/sh', '-c', 'a   b']],
    findings: [],
  }),
  refuses('A2.7', 'blank lines are skipped and told', 'FROM base\nRUN a \\\n\n  b', {
    argv: [['/bin/sh', '-c', 'a   b']],
    findings: ['4 NoEmptyContinuation'],
  }),

  accepts('A2.8', 'the next character of a word', 'FROM base\nLABEL a=b\\ c d="\\"\\$x\\\\" e=\\x', {
    labels: { a: 'b c', d: '"$x\\', e: 'x' },
  }),
  refuses('A2.8', 'nothing in single quotes, little in double quotes', 'FROM base\nLABEL a=\'\\$x\' b="\\x"', {
    labels: { a: '\\$x', b: '\\x' },
  }),
  refuses('A2.8', 'nothing in what the shell reads', 'FROM base\nRUN a\\ b \\$c\nCMD d\\ e', {
    argv: [['/bin/sh', '-c', 'a\\ b \\$c']],
    config: { Cmd: ['/bin/sh', '-c', 'd\\ e'] },
  }),

  accepts(
    'A4.1',
    'strings in every instruction that knows the form',
    [
      'FROM base',
      'RUN ["r", "1 2"]',
      'CMD ["c"]',
      'ENTRYPOINT ["e"]',
      'CMD [ "c" ]',
      'SHELL ["s"]',
      'ADD ["a b", "/c d/"]',
      'VOLUME ["/v w"]',
      'HEALTHCHECK CMD ["h"]',
    ],
    {
      argv: [['r', '1 2']],
      copies: [{ sources: ['a b'], dest: '/c d/' }],
      config: {
        Cmd: ['c'],
        Entrypoint: ['e'],
        Shell: ['s'],
        Volumes: { '/v w': {} },
        Healthcheck: { Test: ['CMD', 'h'] },
      },
    },
  ),
  refuses('A4.1', 'an array with anything else', 'FROM base\nCMD ["a", 1]', {
    errors: [`2:5-2:13 instruction-invalid ${ARRAYS}`],
  }),
  refuses('A4.1', 'what is no JSON is taken for words', "FROM base\nCOPY ['a', '/b/']\nCMD [\"a\"] b", {
    copies: [{ sources: ['[a,'], dest: '/b/]' }],
    config: { Cmd: ['/bin/sh', '-c', '["a"] b'] },
  }),

  accepts(
    'A4.2',
    'variables in the elements of COPY and VOLUME',
    'FROM base\nENV X=x\nCOPY ["$X y", "/$X/"]\nVOLUME ["/$X"]',
    {
      copies: [{ sources: ['x y'], dest: '/x/' }],
      config: { Volumes: { '/x': {} } },
    },
  ),
  refuses(
    'A4.2',
    'variables in the others',
    'FROM base\nENV X=x\nRUN ["$X"]\nCMD ["$X"]\nENTRYPOINT ["$X"]\nCMD ["$X"]',
    {
      argv: [['$X']],
      config: { Cmd: ['$X'], Entrypoint: ['$X'] },
    },
  ),

  accepts(
    'A5.1',
    'quotes and escapes in flags',
    'FROM base\nCOPY --chown="1:2" --exclude=a\\ b --exclude=\'c d\' x /',
    {
      copies: [{ chown: '1:2', excludes: ['a b', 'c d'], sources: ['x'] }],
    },
  ),
  accepts('A5.1', 'a lone -- ends them', 'FROM base\nCOPY --link -- --chmod=1 /d/', {
    copies: [{ link: true, sources: ['--chmod=1'], dest: '/d/' }],
  }),
  refuses('A5.1', 'behind the first word there are none', 'FROM base\nCOPY a --link /d/', {
    copies: [{ link: false, sources: ['a', '--link'], dest: '/d/' }],
  }),

  accepts(
    'A5.2',
    'a bare one is true, a list grows',
    'FROM base\nCOPY --link --parents=false --exclude=a --exclude=b x /',
    {
      copies: [{ link: true, parents: false, excludes: ['a', 'b'] }],
    },
  ),
  refuses('A5.2', 'unknown', 'FROM base\nCOPY --chwon=1 a /', {
    errors: ['2:6-2:15 unknown-flag unknown flag: --chwon of COPY'],
    hint: 'did you mean --chown?',
  }),
  refuses('A5.2', 'given twice', 'FROM base\nCOPY --chown=1 --chown=2 a /', {
    errors: ['2:16-2:25 flag-invalid duplicate flag specified: --chown of COPY'],
  }),
  refuses('A5.2', 'without a value', 'FROM base\nCOPY --chown a /', {
    errors: ['2:6-2:13 flag-invalid missing a value on flag: --chown of COPY'],
  }),
  refuses('A5.2', 'with an empty one', 'FROM base\nCOPY --link= a /', {
    errors: ['2:6-2:13 flag-invalid missing a value on flag: --link of COPY'],
  }),
  refuses('A5.2', 'a word for a truth', 'FROM base\nCOPY --link=yes a /', {
    errors: ['2:6-2:16 flag-invalid expecting boolean value for flag --link of COPY, not: yes'],
  }),

  accepts('A5.3', 'ARG and HEALTHCHECK NONE do not look', 'FROM base\nARG --x=1 A=2\nHEALTHCHECK --y NONE', {
    history: [
      'e ARG A=2',
      'e HEALTHCHECK {Test:[NONE] Interval:0s Timeout:0s StartPeriod:0s StartInterval:0s Retries:0}',
    ],
  }),
  refuses('A5.3', 'where there are none', 'FROM base\nENV --x=1 A=2\nUSER --y z', {
    errors: ['2:5-2:10 unknown-flag unknown flag: --x of ENV', '3:6-3:9 unknown-flag unknown flag: --y of USER'],
  }),
];
