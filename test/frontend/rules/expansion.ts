import { accepts, type Row, refuses } from './row.ts';

const labelOf = (value: string): string => `FROM base\nENV X=x E= V=a/b.c/d.c P=*\nLABEL l="${value}"`;
const becomes = (id: string, title: string, value: string, l: string): Row =>
  accepts(id, title, labelOf(value), { labels: { l } });
const fails = (id: string, title: string, value: string, message: string): Row =>
  refuses(id, title, labelOf(value), {
    errors: [
      `3:7-3:${11 + value.length} expansion-failed failed to process ${JSON.stringify(`"${value}"`)}: ${message}`,
    ],
  });

export const expansionRows: readonly Row[] = [
  accepts(
    'A7.1',
    'in words, paths, flags and bodies',
    [
      'ARG B=base',
      'FROM $B',
      'ENV X=x',
      'ARG A=$X',
      'COPY --chown=$X --chmod=$M $X <<E /$X/',
      '$X',
      'E',
      'ENV Y=$X',
      'EXPOSE ${P:-1}',
      'LABEL $X=$A',
      'STOPSIGNAL ${S:-9}',
      'USER $X',
      'VOLUME /$X',
      'WORKDIR /$X',
      'RUN --mount=type=cache,id=$X,target=$X,mode=0${N:-700} y',
    ],
    {
      copies: [{ chown: 'x', sources: ['x', 'E: x\n'], dest: '/x/' }],
      config: { User: 'x', WorkingDir: '/x', StopSignal: '9', ExposedPorts: { '1/tcp': {} }, Volumes: { '/x': {} } },
      labels: { x: 'x' },
      env: ['X=x', 'A=x', 'Y=x'],
      runs: [{ mounts: [{ id: 'x', target: '/x/x', attributes: { mode: 0o700 } }] }],
    },
  ),
  refuses(
    'A7.1',
    'in commands, triggers and patterns',
    [
      'FROM base',
      'ENV X=x',
      'RUN $X',
      'CMD $X',
      'ENTRYPOINT $X',
      'CMD $X',
      'HEALTHCHECK CMD $X',
      'SHELL ["$X"]',
      'ONBUILD RUN $X',
      'MAINTAINER $X',
      'COPY --exclude=$X a /',
    ],
    {
      argv: [['/bin/sh', '-c', '$X']],
      author: '$X',
      copies: [{ excludes: ['$X'] }],
      config: {
        Cmd: ['/bin/sh', '-c', '$X'],
        Entrypoint: ['/bin/sh', '-c', '$X'],
        Healthcheck: { Test: ['CMD-SHELL', '$X'] },
        Shell: ['$X'],
        OnBuild: ['RUN $X'],
      },
    },
  ),

  accepts(
    'A7.2',
    'a stage that was named for it',
    'ARG B=base\nFROM $B AS alias\nFROM scratch\nCOPY --from=alias a /\nARG T=bind\nRUN --mount=type=$T,from=alias,target=/m x',
    {
      reached: ['alias', '1'],
    },
  ),
  refuses('A7.2', 'a variable in --from', 'FROM base\nARG S=a\nCOPY --from=$S a /', {
    errors: ['3:6-3:15 stage-unknown variable expansion is not supported for --from ($S)'],
    hint: 'define a stage with FROM, using an ARG from above the first FROM, and copy from that',
  }),
  refuses('A7.2', 'a variable in from= of a mount', 'FROM base\nRUN --mount=target=/m,from=$S x', {
    errors: ["2:5-2:30 stage-unknown 'from' doesn't support variable expansion, define alias stage instead"],
  }),

  becomes(
    'A7.3',
    'names, defaults, alternatives',
    '$X ${X} ${E:-w} ${E-w} ${U-w} ${X:+w} ${E+w} ${U:+w}',
    'x x w  w w w ',
  ),
  becomes('A7.3', 'required ones that are there', '${X:?m} ${E?m}', 'x '),
  becomes(
    'A7.3',
    'cut at the front and the end',
    '${V#*/} ${V##*/} ${V%.*} ${V%%.*} ${V#?}',
    'b.c/d.c d.c a/b.c/d a/b /b.c/d.c',
  ),
  becomes('A7.3', 'replaced once and everywhere', '${V/c/C} ${V//c/C} ${V//\\//}', 'a/b.C/d.c a/b.C/d.C ab.cd.c'),
  becomes('A7.3', 'nested words', '${U:-${E:-<$X>}}', '<x>'),
  fails('A7.3', 'a colon before a cut', '${X:#p}', 'unsupported modifier (:#) in substitution'),
  fails('A7.3', 'another sign', '${X^}', 'unsupported modifier (^) in substitution'),
  refuses('A7.3', 'brackets are no pattern', labelOf('${V/[ab]/X}'), { labels: { l: 'a/b.c/d.c' } }),

  accepts('A7.4', 'what is set', labelOf('${X:?no}'), { labels: { l: 'x' } }),
  fails('A7.4', 'what is not', '${U?}', 'U: is not allowed to be unset'),
  fails('A7.4', 'what is empty', '${E:?}', 'E: is not allowed to be empty'),
  fails('A7.4', 'in the words of the author', '${U:?give U}', 'U: give U'),
  refuses('A7.4', 'an open brace', 'FROM base\nLABEL l=${X', {
    errors: ['2:7-2:12 expansion-failed failed to process "${X": syntax error: missing \'}\''],
  }),
  fails('A7.4', 'no name', '${}', 'syntax error: bad substitution'),
  fails('A7.4', 'no name before a modifier', '${:x}', 'syntax error: bad substitution'),
  fails('A7.4', 'two braces', '${{x}', 'syntax error: bad substitution'),

  accepts(
    'A7.5',
    'letters, digits and underscores, as far as they go',
    'FROM base\nENV _a1=1 é=2\nLABEL l=$_a1.$é$0$1$@$#',
    { labels: { l: '1.2' } },
  ),
  refuses('A7.5', 'a dollar sign before anything else', 'FROM base\nLABEL a=$ b=$. c=a$', {
    labels: { a: '$', b: '$.', c: 'a$' },
  }),

  accepts('A7.6', 'the unset are empty, with a finding', 'FROM base\nLABEL l=<$U>', {
    labels: { l: '<>' },
    findings: ['2 UndefinedVar'],
  }),
  accepts('A7.6', 'also where a default stands for it', 'FROM base\nLABEL l=${U:-d}', {
    labels: { l: 'd' },
    findings: ['2 UndefinedVar'],
  }),
  refuses('A7.6', 'an escaped dollar sign is a letter', 'FROM base\nENV X=x\nLABEL l=\\$X m=\\${X}', {
    labels: { l: '$X', m: '${X}' },
    findings: [],
  }),

  accepts('A7.7', 'in double quotes', 'FROM base\nENV X=x\nLABEL l="a $X" m=b"$X"c', {
    labels: { l: 'a x', m: 'bxc' },
  }),
  refuses('A7.7', 'in single quotes', "FROM base\nENV X=x\nLABEL l='a $X' m=b'$X'c", {
    labels: { l: 'a $X', m: 'b$Xc' },
  }),
  refuses('A7.7', 'a quote that stays open', 'FROM base\nWORKDIR "a', {
    errors: [
      '2:9-2:11 expansion-failed failed to process "\\"a": unexpected end of statement while looking for matching double-quote',
    ],
  }),

  accepts('A7.8', 'two names that differ in case', 'FROM base\nENV a=1 A=2\nLABEL l=$a$A', { labels: { l: '12' } }),
  refuses('A7.8', 'one for the other', 'FROM base\nENV a=1\nLABEL l=<$A>', { labels: { l: '<>' } }),
];
