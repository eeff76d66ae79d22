import { expect } from 'vitest';
import { lowerText, ops } from '../lower/rig.ts';
import { accepts, type Row, refuses, shows } from './row.ts';

const AUTOMATIC = [
  'BUILDPLATFORM',
  'BUILDOS',
  'BUILDARCH',
  'BUILDVARIANT',
  'TARGETPLATFORM',
  'TARGETOS',
  'TARGETARCH',
  'TARGETVARIANT',
  'TARGETSTAGE',
];

export const argScopeRows: readonly Row[] = [
  accepts(
    'A8.1',
    'globals in FROM and, declared again, in a stage',
    'ARG A=base B=${A}/$TARGETARCH\nFROM $A\nARG B\nRUN x',
    {
      asked: ['base'],
      env: ['B=base/amd64'],
    },
  ),
  refuses('A8.1', 'one that the stage does not declare', 'ARG A=base\nFROM $A\nLABEL l=<$A>\nRUN x', {
    labels: { l: '<>' },
    env: [],
    findings: ['3 UndefinedVar'],
  }),

  accepts(
    'A8.2',
    'the command line, then the stage, then the global',
    'ARG A=g B=g C=g\nFROM base\nARG A=s B=s C D\nRUN x',
    {
      env: ['A=cli', 'B=s', 'C=g'],
    },
    { buildArgs: { A: 'cli' } },
  ),
  accepts('A8.2', 'the global again, also over an ENV', 'ARG A=g\nFROM base\nARG A=s\nENV A=e\nARG A\nRUN x', {
    env: ['A=g'],
  }),
  refuses('A8.2', 'one without any value is no variable', 'FROM base\nARG D\nRUN x', {
    env: [],
    history: ['e ARG D', 'L RUN |1 D= /bin/sh -c x # buildkit'],
  }),

  accepts('A8.3', 'later RUNs and child stages', 'FROM base AS a\nARG A=1\nFROM a\nRUN x', {
    env: ['A=1'],
    history: ['e ARG A=1', 'L RUN |1 A=1 /bin/sh -c x # buildkit'],
  }),
  refuses('A8.3', 'the image, and RUNs before', 'FROM base\nRUN x\nARG A=1', {
    env: [],
    config: { Env: [expect.stringMatching(/^PATH=/)] },
  }),

  accepts(
    'A8.4',
    'the platforms and the target',
    `FROM base AS Last\nARG ${AUTOMATIC.join(' ')}\nRUN x`,
    {
      env: [
        'BUILDPLATFORM=linux/amd64',
        'BUILDOS=linux',
        'BUILDARCH=amd64',
        'BUILDVARIANT=',
        'TARGETPLATFORM=linux/arm/v7',
        'TARGETOS=mine',
        'TARGETARCH=arm',
        'TARGETVARIANT=v7',
        'TARGETSTAGE=LAST',
      ],
    },
    {
      platform: { os: 'linux', architecture: 'arm', variant: 'v7' },
      buildArgs: { TARGETOS: 'mine' },
      target: 'LAST',
    },
  ),
  refuses(
    'A8.4',
    'undeclared in a stage; no name is "default"',
    'FROM base\nLABEL l=<$TARGETOS>\nARG TARGETSTAGE\nLABEL m=$TARGETSTAGE',
    {
      labels: { l: '<>', m: 'default' },
    },
  ),

  shows('A8.5', 'accepts', {
    title: 'for processes, in both cases, unseen by op and history',
    show: async () => {
      const lowered = await lowerText('FROM base\nRUN x', { buildArgs: { HTTPS_PROXY: 'p', no_proxy: 'n' } });
      return [lowered.proxyEnv, ops(lowered, 'run')[0]?.env.length, lowered.definition.targets[0]?.history.length];
    },
    is: [['HTTPS_PROXY=p', 'https_proxy=p', 'NO_PROXY=n', 'no_proxy=n'], 1, 2],
  }),
  refuses(
    'A8.5',
    'one that is declared is an ARG like any other',
    'FROM base\nARG HTTP_PROXY\nRUN x',
    {
      env: ['HTTP_PROXY=p'],
      history: ['e ARG HTTP_PROXY=p', 'L RUN |1 HTTP_PROXY=p /bin/sh -c x # buildkit'],
    },
    { buildArgs: { HTTP_PROXY: 'p' } },
  ),

  accepts(
    'A8.6',
    'those that steer the build',
    'FROM base AS A\nRUN --mount=type=cache,id=c,target=/c x',
    {
      runs: [{ hostname: 'h', mounts: [{ id: 'n/c' }] }],
      env: [],
      findings: [],
    },
    {
      buildArgs: {
        BUILDKIT_SANDBOX_HOSTNAME: 'h',
        BUILDKIT_CACHE_MOUNT_NS: 'n',
        BUILDKIT_DOCKERFILE_CHECK: 'skip=all',
        BUILDKIT_SYNTAX: 'dockerfile.v0',
        BUILDKIT_INLINE_CACHE: '1',
        BUILDKIT_MULTI_PLATFORM: '1',
      },
    },
  ),
  refuses(
    'A8.6',
    'a check config that is none',
    'FROM base',
    {
      errors: ['nowhere usage BUILDKIT_DOCKERFILE_CHECK: invalid check option "x"'],
    },
    { buildArgs: { BUILDKIT_DOCKERFILE_CHECK: 'x=y' } },
  ),
  refuses('A8.6', 'what scanners read is never a variable', 'FROM base\nARG BUILDKIT_SBOM_SCAN_STAGE=true\nRUN x', {
    env: [],
  }),

  accepts(
    'A8.7',
    'seconds, for all that is dated, and in the stage',
    'ARG SOURCE_DATE_EPOCH=0123\nFROM base\nARG SOURCE_DATE_EPOCH\nCOPY a /\nRUN x',
    {
      env: ['SOURCE_DATE_EPOCH=123'],
      runs: [{ epoch: 123 }],
      copies: [{ epoch: 123 }],
    },
  ),
  accepts(
    'A8.7',
    'a context that is a directory has none',
    'FROM base\nARG SOURCE_DATE_EPOCH\nRUN x',
    {
      env: [],
      runs: [{ epoch: undefined }],
    },
    { buildArgs: { SOURCE_DATE_EPOCH: 'context' } },
  ),
  refuses(
    'A8.7',
    'anything else',
    'FROM base',
    {
      errors: ['nowhere flag-invalid invalid SOURCE_DATE_EPOCH: today'],
    },
    { buildArgs: { SOURCE_DATE_EPOCH: 'today' } },
  ),

  accepts(
    'A8.8',
    'one that no ARG takes, in silence',
    'FROM base\nARG A=1\nRUN x',
    { env: ['A=1'], findings: [], errors: [] },
    {
      buildArgs: { NOBODY: '1' },
    },
  ),
  refuses(
    'A8.8',
    'and without effect',
    'FROM base\nLABEL l=<$NOBODY>',
    { labels: { l: '<>' } },
    {
      buildArgs: { NOBODY: '1' },
    },
  ),
];
