import { expect } from 'vitest';
import type { FakeImage } from '../lower/rig.ts';
import { accepts, type Row, refuses } from './row.ts';

const FULL = {
  Env: ['PATH=/p', 'E=1'],
  Cmd: ['c'],
  Entrypoint: ['e'],
  Labels: { l: '1' },
  ExposedPorts: { '1/tcp': {} },
  Volumes: { '/v': {} },
  User: 'u',
  WorkingDir: '/w',
  StopSignal: '9',
  Healthcheck: { Test: ['NONE'] },
  Shell: ['s'],
} as const;

const base = (image: FakeImage) => ({ images: { base: image } });

export const inheritanceRows: readonly Row[] = [
  accepts(
    'A10.1',
    'config, author and history',
    'FROM base\nRUN x',
    {
      config: { ...FULL },
      author: 'a',
      argv: [['s', 'x']],
      runs: [{ cwd: '/w', user: 'u', env: ['PATH=/p', 'E=1'] }],
    },
    base({ author: 'a', config: FULL }),
  ),
  refuses(
    'A10.1',
    'triggers, once they have fired',
    'FROM base',
    {
      config: expect.not.objectContaining({ OnBuild: expect.anything() }),
      labels: { t: '1' },
    },
    base({ config: { OnBuild: ['LABEL t=1'] } }),
  ),

  accepts(
    'A10.2',
    'a PATH where there is none',
    'FROM base',
    {
      config: { Env: ['A=1', 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'] },
    },
    base({ config: { Env: ['A=1'] } }),
  ),
  refuses(
    'A10.2',
    'where there is one, even an empty one',
    'FROM base',
    { config: { Env: ['PATH=', 'A=1'] } },
    base({ config: { Env: ['PATH=', 'A=1'] } }),
  ),

  accepts(
    'A10.3',
    'right after FROM, in order, of image and stage',
    'FROM base AS a\nONBUILD RUN three\nFROM a\nRUN four',
    {
      steps: [
        '[a 1/3] FROM base',
        '[a 2/3] ONBUILD RUN one',
        '[a 3/3] ONBUILD RUN two',
        '[stage-1 1/2] ONBUILD RUN three',
        '[stage-1 2/2] RUN four',
      ],
      config: expect.not.objectContaining({ OnBuild: expect.anything() }),
    },
    base({ config: { OnBuild: ['RUN one', 'RUN two'] } }),
  ),
  accepts(
    'A10.3',
    'triggers that no ONBUILD of a Dockerfile leaves behind',
    'FROM base',
    { config: expect.objectContaining({ OnBuild: ['RUN x'] }), history: expect.arrayContaining(['e MAINTAINER me']) },
    base({ config: { OnBuild: ['MAINTAINER me', 'ONBUILD RUN x'] } }),
  ),
  refuses(
    'A10.3',
    'a trigger that is none',
    'FROM base',
    {
      errors: ["1:1-1:10 onbuild-invalid FROM isn't allowed as an ONBUILD trigger (base image base)"],
    },
    base({ config: { OnBuild: ['FROM x'] } }),
  ),
  refuses('A10.3', 'those of the own stage', 'FROM base\nONBUILD RUN x', { argv: [], config: { OnBuild: ['RUN x'] } }),

  accepts(
    'A10.4',
    'the platform of the base',
    'FROM base',
    { platform: 'linux/arm64' },
    base({ architecture: 'arm64' }),
  ),
  refuses(
    'A10.4',
    'where a platform was asked for',
    'FROM base',
    { platform: 'linux/s390x' },
    {
      ...base({ architecture: 'arm64' }),
      platform: { os: 'linux', architecture: 's390x' },
    },
  ),

  accepts(
    'A10.5',
    'labels of the command line, last',
    'FROM base\nLABEL a=1 b=2',
    { labels: { a: 'cli', b: '2', c: 'cli' } },
    {
      labels: { a: 'cli', c: 'cli' },
    },
  ),
  refuses(
    'A10.5',
    'an instruction does not see them',
    'FROM base\nENV A=${a:-none}\nLABEL a=$A',
    {
      labels: { a: 'cli' },
      history: ['e ENV A=none', 'e LABEL a=none'],
    },
    { labels: { a: 'cli' } },
  ),
];
