import { accepts, type Row, refuses } from './row.ts';

export const heredocRows: readonly Row[] = [
  accepts(
    'A3.1',
    'in RUN, COPY, ADD and their triggers',
    ['FROM base', 'RUN <<A', 'a', 'A', 'COPY 3<<B /', 'b', 'B', 'ADD <<C /', 'c', 'C', 'ONBUILD COPY <<D /', 'd', 'D'],
    {
      argv: [['/bin/sh', '-c', 'a\n']],
      copies: [{ sources: ['B: b\n'] }, { sources: ['C: c\n'] }],
      config: { OnBuild: ['COPY <<D /\nd\nD'] },
    },
  ),
  refuses('A3.1', 'in a JSON array', 'FROM base\nRUN ["cat", "<<A"]\nLABEL a=b\nCOPY ["<<B", "/b"]', {
    argv: [['cat', '<<A']],
    copies: [{ sources: ['B: '] }],
  }),
  refuses('A3.1', 'in any other instruction', 'FROM base\nCMD cat <<A\nLABEL a=<<B', {
    config: { Cmd: ['/bin/sh', '-c', 'cat <<A'] },
    labels: { a: '<<B' },
  }),

  accepts('A3.2', 'tabs before the lines and the end of <<-', 'FROM base\nENV X=x\nCOPY <<-A /\n\t\t$X\n\ty\n\tA', {
    copies: [{ sources: ['A: x\ny\n'] }],
  }),
  refuses('A3.2', 'variables behind a quoted name', 'FROM base\nENV X=x\nCOPY <<"A" /\n$X\nA\nCOPY <<\'B\' /\n$X\nB', {
    copies: [{ sources: ['A: $X\n'] }, { sources: ['B: $X\n'] }],
  }),
  refuses('A3.2', 'an end with more on its line', 'FROM base\nCOPY <<A /\nx\n A\nA \n', {
    errors: ['2:6-2:9 heredoc-unterminated unterminated heredoc A'],
  }),

  accepts(
    'A3.2',
    'the carriage returns of a body stay',
    'FROM base\r\nCOPY <<A /\r\nx\r\nA\r\nRUN <<A\r\ntrue\r\nA\r\n',
    {
      copies: [{ sources: ['A: x\r\n'] }],
      argv: [['/bin/sh', '-c', 'true\r\n']],
    },
  ),
  accepts('A3.3', 'bodies one after the other', 'FROM base\nCOPY <<A <<-B /\n1\nA\n\t2\n\tB\n', {
    copies: [{ sources: ['A: 1\n', 'B: 2\n'] }],
  }),
  refuses('A3.3', 'in another order', 'FROM base\nCOPY <<A <<B /\n1\nB\n2\nA\n', {
    errors: ['2:10-2:13 heredoc-unterminated unterminated heredoc B'],
  }),

  accepts(
    'A3.4',
    'a script for the shell of the stage',
    'FROM base\nENV X=x\nSHELL ["/bin/bash", "-ec"]\nRUN <<A\na $X\nb\nA\n',
    {
      argv: [['/bin/bash', '-ec', 'a $X\nb\n']],
    },
  ),
  accepts('A3.4', 'a program of its own', 'FROM base\nRUN <<A\n#!/usr/bin/env node\nx()\nA\n', {
    runs: [{ argv: ['/bin/sh', '-c', '/dev/pipes/A'], script: { name: 'A', content: '#!/usr/bin/env node\nx()\n' } }],
  }),
  accepts('A3.4', 'a program whose further lines are indented', 'FROM base\nRUN <<-A\n#!/bin/sh\n\tx\nA\n', {
    runs: [{ argv: ['/bin/sh', '-c', '/dev/pipes/A'], script: { name: 'A', content: '#!/bin/sh\nx\n' } }],
  }),
  refuses('A3.4', 'a program whose first line is indented', 'FROM base\nRUN <<-A\n\t#!/bin/sh\n\tx\nA\n', {
    argv: [['/bin/sh', '-c', '#!/bin/sh\nx\n']],
    runs: [{ script: undefined }],
  }),
  refuses('A3.4', 'a program where there is more on the line', 'FROM base\nRUN cat <<A\n#!/bin/x\nA\n', {
    argv: [['/bin/sh', '-c', 'cat <<A\n#!/bin/x\nA']],
    runs: [{ script: undefined }],
  }),

  accepts(
    'A3.5',
    'line, bodies and ends as they stand',
    "FROM base\nENV X=x\nRUN cat <<-A 4<<'B' | sort $X\n\t$X\n\tA\nb\nB\n",
    {
      argv: [['/bin/sh', '-c', "cat <<-A 4<<'B' | sort $X\n\t$X\nA\nb\nB"]],
    },
  ),
  refuses('A3.5', 'a body that stands alone keeps neither', 'FROM base\nRUN <<-A\n\tx\n\tA\n', {
    argv: [['/bin/sh', '-c', 'x\n']],
  }),

  accepts(
    'A3.6',
    'a file of its name, variables filled in, quotes kept',
    'FROM base\nENV X=x\nCOPY --chmod=600 <<f /d/\n"$X" \\$X\nf\n',
    {
      copies: [{ sources: ['f: "x" $X\n'], dest: '/d/', chmod: '600', chown: undefined }],
      history: ['e ENV X=x', 'L COPY --chmod=600 <<f /d/ # buildkit'],
    },
  ),
  refuses('A3.6', 'as a destination', 'FROM base\nCOPY a <<A\nA\n', {
    errors: ['2:8-2:11 instruction-invalid COPY cannot accept a heredoc as a destination'],
  }),

  accepts('A3.6', 'a name that lies in the root in the end', 'FROM base\nCOPY <<./a/../f /d/\n./a/../f\n', {
    copies: [{ sources: ['./a/../f: '], dest: '/d/' }],
  }),
  refuses('A3.6', 'a name in a directory, which is not there', 'FROM base\nCOPY a.txt <<d/f /d/\nd/f\n', {
    errors: ['2:1-3:4 copy-invalid cannot write the heredoc "d/f": its directory is not there'],
    hint: 'name the file alone, and its directory in the destination',
  }),
  refuses('A3.6', 'the name of a directory', 'FROM base\nCOPY <<.. /d/\n..\n', {
    errors: ['2:1-3:3 copy-invalid cannot write the heredoc "..": this is the name of a directory'],
  }),
  refuses('A3.4', 'a program in a directory', 'FROM base\nRUN <<d/f\n#!/bin/x\nd/f\n', {
    errors: ['2:1-4:4 copy-invalid cannot write the heredoc "d/f": its directory is not there'],
  }),

  accepts('A3.7', 'its first line in the name of the step', 'FROM base\nRUN <<A\none\ntwo\nA\n', {
    steps: ['[1/2] FROM base', '[2/2] RUN <<A (one...)'],
  }),
  refuses('A3.7', 'where there is more on the line', 'FROM base\nRUN cat <<A\none\nA\n', {
    steps: ['[1/2] FROM base', '[2/2] RUN cat <<A'],
  }),
];
