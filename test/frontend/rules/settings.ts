import { expect } from 'vitest';
import { accepts, type Row, refuses } from './row.ts';

const ZERO = 'Interval:0s Timeout:0s StartPeriod:0s StartInterval:0s Retries:0';

/** The instructions that only change the config, and WORKDIR. */
export const settingRows: readonly Row[] = [
  accepts(
    'A6.7',
    'the shell and one string; the last one wins',
    'FROM base\nSHELL ["sh", "-e"]\nENTRYPOINT a  b\nCMD c\nCMD d "e"',
    {
      config: { Entrypoint: ['sh', '-e', 'a  b'], Cmd: ['sh', '-e', 'd "e"'], ArgsEscaped: true },
      findings: ['4 MultipleInstructionsDisallowed'],
    },
  ),
  refuses(
    'A6.7',
    'ENTRYPOINT [] takes the inherited one away',
    'FROM base\nENTRYPOINT []',
    {
      config: { Env: ['PATH=/p'] },
      history: ['e ENTRYPOINT []'],
    },
    { images: { base: { config: { Env: ['PATH=/p'], Entrypoint: ['e'] } } } },
  ),

  accepts('A6.8', 'a CMD of the same stage stays', 'FROM base\nCMD ["c"]\nENTRYPOINT ["e"]', {
    config: { Cmd: ['c'], Entrypoint: ['e'] },
  }),
  refuses('A6.8', 'an inherited one goes', 'FROM base AS a\nCMD ["c"]\nFROM a\nENTRYPOINT ["e"]\nRUN x', {
    config: expect.not.objectContaining({ Cmd: expect.anything() }),
  }),

  accepts('A6.11', 'the author', 'FROM base\nMAINTAINER A <a@b>', {
    author: 'A <a@b>',
    history: ['e MAINTAINER A <a@b>'],
    findings: ['2 MaintainerDeprecated'],
  }),
  refuses('A6.11', 'nobody', 'FROM base\nMAINTAINER', {
    errors: ['2:1-2:11 instruction-invalid MAINTAINER requires exactly one argument'],
  }),

  accepts(
    'A6.12',
    'ports, ranges and protocols, sorted, variables split',
    'FROM base\nENV P="8-9/UDP 7"\nEXPOSE 80 $P 443/sctp 80',
    {
      config: { ExposedPorts: { '7/tcp': {}, '8/udp': {}, '9/udp': {}, '80/tcp': {}, '443/sctp': {} } },
      history: ['e ENV P=8-9/UDP 7', 'e EXPOSE [8/udp 9/udp 7/tcp 443/sctp 80/tcp 80/tcp]'],
    },
  ),
  accepts('A6.12', 'an address and a port of the host, with a finding', 'FROM base\nEXPOSE 127.0.0.1:8080:80', {
    config: { ExposedPorts: { '80/tcp': {} } },
    findings: ['2 ExposeInvalidFormat'],
  }),
  refuses('A6.12', 'another protocol', 'FROM base\nEXPOSE 80/icmp', {
    errors: ['2:8-2:15 instruction-invalid invalid proto: icmp'],
  }),
  refuses('A6.12', 'no number', 'FROM base\nEXPOSE http', {
    errors: ['2:8-2:12 instruction-invalid invalid containerPort: http, no port or range of ports'],
  }),
  refuses('A6.12', 'a port above the last', 'FROM base\nEXPOSE 65536', {
    errors: ['2:8-2:13 instruction-invalid invalid containerPort: 65536, no port or range of ports'],
  }),
  refuses('A6.12', 'ranges of two lengths', 'FROM base\nEXPOSE 1-3:1-2', {
    errors: ['2:8-2:15 instruction-invalid invalid ranges specified for container and host Ports: 1-2 and 1-3'],
  }),
  refuses('A6.12', 'no port', 'FROM base\nEXPOSE /tcp', {
    errors: ['2:8-2:12 instruction-invalid no port specified: /tcp'],
  }),

  accepts(
    'A6.14',
    'words or JSON; later changes below stay',
    'FROM base\nVOLUME /a /b\nVOLUME ["/c d"]\nRUN x > /a/y',
    {
      config: { Volumes: { '/a': {}, '/b': {}, '/c d': {} } },
      history: ['e VOLUME [/a /b]', 'e VOLUME [/c d]', 'L RUN /bin/sh -c x > /a/y # buildkit'],
    },
  ),
  refuses('A6.14', 'nothing', 'FROM base\nVOLUME', {
    errors: ['2:1-2:7 instruction-invalid VOLUME requires at least one argument'],
  }),
  refuses('A6.14', 'an empty path', 'FROM base\nVOLUME ["/a", ""]', {
    errors: ['2:15-2:17 instruction-invalid VOLUME specified can not be an empty string'],
  }),
  refuses('A6.14', 'quoted blanks', 'FROM base\nVOLUME a\\ b', {
    config: { Volumes: { a: {}, b: {} } },
  }),

  accepts(
    'A6.15',
    'relative paths join, the user owns what is made',
    'FROM base\nUSER me:my\nENV D=x\nWORKDIR /a/../b\nWORKDIR "$D y"/\nRUN z',
    {
      config: { User: 'me:my', WorkingDir: '/b/x y' },
      dirs: [
        { path: '/b', user: 'me:my' },
        { path: '/b/x y', user: 'me:my' },
      ],
      runs: [{ cwd: '/b/x y', user: 'me:my' }],
      history: ['e USER me:my', 'e ENV D=x', 'L WORKDIR /a/../b', 'L WORKDIR /b/x y', 'L RUN /bin/sh -c z # buildkit'],
    },
  ),
  refuses('A6.15', 'the root is never made', 'FROM base\nWORKDIR /\nWORKDIR ..', {
    dirs: [],
    history: ['e WORKDIR /', 'e WORKDIR /'],
    config: { WorkingDir: '/' },
  }),
  refuses('A6.15', 'nothing', 'FROM base\nUSER\nWORKDIR', {
    errors: [
      '2:1-2:5 instruction-invalid USER requires exactly one argument',
      '3:1-3:8 instruction-invalid WORKDIR requires exactly one argument',
    ],
  }),

  accepts(
    'A6.18',
    'names and numbers as written',
    'FROM base\nSTOPSIGNAL usr1\nSTOPSIGNAL SIGRTMIN+3\nSHELL ["a", "b"]',
    {
      config: { StopSignal: 'SIGRTMIN+3', Shell: ['a', 'b'] },
      history: ['e STOPSIGNAL usr1', 'e STOPSIGNAL SIGRTMIN+3', 'e SHELL [a b]'],
    },
  ),
  refuses('A6.18', 'no signal', 'FROM base\nSTOPSIGNAL SIGNOT', {
    errors: ['2:12-2:18 instruction-invalid invalid signal: SIGNOT'],
  }),
  refuses('A6.18', 'words for a shell', 'FROM base\nSHELL /bin/bash -c', {
    errors: ['2:7-2:19 instruction-invalid SHELL requires the arguments to be in JSON form'],
  }),
  refuses('A6.18', 'an empty shell', 'FROM base\nSHELL []', {
    errors: ['2:1-2:6 instruction-invalid SHELL requires at least one argument'],
  }),

  accepts(
    'A6.19',
    'durations, retries and a command',
    'FROM base\nHEALTHCHECK --interval=1m30s --timeout=1.5s --start-period=0 --start-interval=1ms --retries=3 CMD a "b"',
    {
      config: {
        Healthcheck: { Test: ['CMD-SHELL', 'a "b"'], Interval: 90e9, Timeout: 1.5e9, StartInterval: 1e6, Retries: 3 },
      },
      history: [
        'e HEALTHCHECK {Test:[CMD-SHELL a "b"] Interval:1m30s Timeout:1.5s StartPeriod:0s StartInterval:1ms Retries:3}',
      ],
    },
  ),
  accepts('A6.19', 'none', 'FROM base\nHEALTHCHECK none', {
    config: { Healthcheck: { Test: ['NONE'] } },
    history: [`e HEALTHCHECK {Test:[NONE] ${ZERO}}`],
  }),
  refuses('A6.19', 'less than a millisecond', 'FROM base\nHEALTHCHECK --interval=999us CMD a', {
    errors: ['2:13-2:29 flag-invalid HEALTHCHECK --interval: Interval "interval" cannot be less than 1ms'],
  }),
  refuses('A6.19', 'fewer than no retries', 'FROM base\nHEALTHCHECK --retries=-1 CMD a', {
    errors: ['2:13-2:25 flag-invalid --retries cannot be negative (-1)'],
  }),
  refuses('A6.19', 'another type', 'FROM base\nHEALTHCHECK EXEC a', {
    errors: ['2:13-2:17 instruction-invalid Unknown type "EXEC" in HEALTHCHECK (try CMD)'],
  }),
];
