/** Texts of about so many bytes that cost much where something is not linear, by what they are. */
export const SHAPES: { readonly [name: string]: (bytes: number) => string } = {
  'nested defaults': (bytes) => `${TOP}ENV X=${'${a:-'.repeat(bytes / 6)}x${'}'.repeat(bytes / 6)}\n`,
  'nested defaults, many': (bytes) => TOP + `ENV X=${'${a:-'.repeat(150)}x${'}'.repeat(150)}\n`.repeat(bytes / 910),
  'heredocs on a line': (bytes) => `${TOP}RUN ${'<<E '.repeat(bytes / 8)}\n${'E\n'.repeat(bytes / 4)}`,
  'heredocs open': (bytes) => TOP + 'RUN <<E\n'.repeat(bytes / 8),
  'heredocs open on a line': (bytes) =>
    `${TOP}RUN ${'<<E '.repeat(15_000)}\n${'x\n'.repeat(Math.max(0, bytes - 60_000) / 2)}`,
  'one heredoc': (bytes) => `${TOP}RUN <<E\n${'echo $a ${b:-c}\n'.repeat(bytes / 16)}E\n`,
  'one heredoc, expanded': (bytes) => `${TOP}COPY <<E /x\n${'echo $a ${b:-c}\n'.repeat(bytes / 16)}E\n`,
  RUN: (bytes) => TOP + 'RUN abcdef\n'.repeat(bytes / 11),
  ARG: (bytes) => TOP + lines(bytes / 12, (i) => `ARG A${i}=1\n`),
  'ARG and RUN': (bytes) => TOP + lines(bytes / 40, (i) => `ARG A${i}=$A${i - 1}x\nRUN echo $A${i}\n`),
  ENV: (bytes) => TOP + lines(bytes / 12, (i) => `ENV A${i}=1\n`),
  'ENV, one': (bytes) => `${TOP}ENV ${lines(bytes / 12, (i) => `A${i}=$B `)}\n`,
  'ENV, continued': (bytes) => `${TOP}ENV ${lines(bytes / 16, (i) => `A${i}=$B \\\n`)} Z=1\n`,
  LABEL: (bytes) => TOP + lines(bytes / 14, (i) => `LABEL a${i}=1\n`),
  EXPOSE: (bytes) => TOP + lines(bytes / 13, (i) => `EXPOSE ${i % 65536}\n`),
  FROM: (bytes) => 'FROM scratch\n'.repeat(bytes / 13),
  'stages, a chain': (bytes) => `FROM scratch AS s0\n${lines(bytes / 24, (i) => `FROM s${i} AS s${i + 1}\n`)}`,
  'stages, copied': (bytes) =>
    `FROM scratch AS s0\n${lines(bytes / 50, (i) => `FROM scratch AS s${i + 1}\nCOPY --from=s${i} /a /b\n`)}`,
  'line of a megabyte': (bytes) => `${TOP}RUN ${'a '.repeat(bytes / 2)}\n`,
  continuations: (bytes) => `${TOP}RUN ${'a \\\n'.repeat(bytes / 4)}b\n`,
  'continued keyword': (bytes) => `${TOP}${'\\\n'.repeat(bytes / 2)}RUN b\n`,
  comments: (bytes) => `${'# a\n'.repeat(bytes / 4)}${TOP}`,
  'comments in an instruction': (bytes) => `${TOP}RUN a \\\n${'# a\n'.repeat(bytes / 4)}b\n`,
  'empty lines in an instruction': (bytes) => `${TOP}RUN a \\\n${'\n'.repeat(bytes)}b\n`,
  escapes: (bytes) => `${TOP}${`ENV A=${'\\\\'.repeat(30_000)}\n`.repeat(bytes / 60_000)}`,
  blanks: (bytes) => `${TOP}${`RUN a${' '.repeat(60_000)}\n`.repeat(bytes / 60_000)}`,
  'JSON array': (bytes) => `${TOP}RUN [${'"a", \\\n'.repeat(bytes / 7)}"b"]\n`,
  'JSON, open': (bytes) => `${TOP}RUN ${'[ \\\n'.repeat(bytes / 4)}\n`,
  'quotes, open': (bytes) => TOP + `ENV A="b\n`.repeat(bytes / 9),
  'quotes, one open': (bytes) => `${TOP}ENV A="${'b \\\n'.repeat(bytes / 4)}\n`,
  patterns: (bytes) =>
    `${TOP}ARG V=${'ab'.repeat(25_000)}\n${'ENV W=${V//a*b/c}\n'.repeat(Math.max(0, bytes - 50_000) / 18 / 1000)}`,
  'patterns, many': (bytes) => `${TOP}ARG V=abcabc\n${'ENV W=${V//a?c/b}\n'.repeat(bytes / 18)}`,
  ONBUILD: (bytes) => TOP + 'ONBUILD RUN a\n'.repeat(bytes / 14),
  flags: (bytes) => `${TOP}RUN ${'--mount=type=tmpfs,target=/a \\\n'.repeat(bytes / 30)} true\n`,
  'no Dockerfile': (bytes) => 'lorem ipsum\n'.repeat(bytes / 12),
};

const TOP = 'FROM scratch\n';

function lines(count: number, line: (index: number) => string): string {
  return Array.from({ length: Math.floor(count) }, (_, index) => line(index)).join('');
}
