import { type FakeImage, fakeResolver, type GivenOptions, lowerText, vertexOf } from '../lower/rig.ts';
import { accepts, type Row, refuses, shows } from './row.ts';

const TRIGGERS = (...OnBuild: string[]): GivenOptions => ({
  images: { base: {}, parent: { config: { Env: ['PATH=/p'], OnBuild } } satisfies FakeImage },
});

export const graphRows: readonly Row[] = [
  accepts(
    'A9.1',
    'what the target needs, by --from, mounts and triggers',
    [
      'FROM base AS a',
      'FROM base AS b',
      'FROM base AS c',
      'FROM missing AS unused',
      'RUN --mount=type=nonsense x',
      'FROM parent AS End',
      'COPY --from=0 x /',
      'RUN --mount=from=b,target=/b x',
      'FROM missing',
    ],
    { reached: ['a', 'b', 'c', 'end'], errors: [] },
    { ...TRIGGERS('COPY --from=c y /'), target: 'eND' },
  ),
  accepts('A9.1', 'the last stage without a target', 'FROM missing\nFROM base', { asked: ['base'] }),
  refuses(
    'A9.1',
    'a target that is no stage',
    'FROM base AS build\nFROM base',
    {
      errors: ['nowhere stage-unknown target stage "biuld" could not be found'],
      hint: 'did you mean build?',
    },
    { target: 'biuld' },
  ),
  refuses(
    'A9.1',
    'a number',
    'FROM base AS build\nFROM base',
    {
      errors: ['nowhere stage-unknown target stage "0" could not be found'],
    },
    { target: '0' },
  ),
  refuses('A9.1', 'a broken mount of a stage that is needed', 'FROM base\nRUN --mount=type=nonsense x', {
    errors: ['2:5-2:26 flag-invalid unsupported mount type "nonsense"'],
  }),

  accepts(
    'A9.2',
    'stages above, by name and number',
    'FROM base AS a\nFROM base\nCOPY --from=A x /\nCOPY --from=0 y /\nRUN --mount=from=a,target=/m z',
    {
      reached: ['a', '1'],
    },
  ),
  refuses('A9.2', 'one below', 'FROM base AS a\nCOPY --from=b x /\nFROM base AS b\nFROM base\nCOPY --from=a x /', {
    errors: ['2:6-2:14 stage-unknown cannot copy from stage "b", it needs to be defined before current stage "a"'],
  }),
  refuses(
    'A9.2',
    'one below, mounted',
    'FROM base AS a\nRUN --mount=from=b,target=/b x\nFROM base AS b\nFROM base\nCOPY --from=a x /',
    {
      errors: [
        '2:5-2:29 stage-unknown cannot mount from stage "b", it needs to be defined before current command of stage "a"',
      ],
    },
  ),
  refuses('A9.2', 'a circle', 'FROM base AS a\nCOPY --from=b x /\nFROM base AS b\nCOPY --from=a x /', {
    errors: ['4:6-4:14 stage-cycle circular dependency detected on stage: a'],
  }),
  refuses('A9.2', 'a number too high', 'FROM base\nCOPY --from=3 x /', {
    errors: ['2:6-2:14 stage-unknown invalid stage index 3'],
  }),

  shows('A9.3', 'accepts', {
    title: 'all bases are asked for before any has answered',
    show: async () => {
      const known = fakeResolver({ base: {}, other: {} });
      const open = new Set<string>();
      let answer = (): void => undefined;
      const bothAsked = new Promise<void>((resolve) => (answer = resolve));
      const text = 'FROM base AS a\nRUN a\nFROM other\nCOPY --from=a x /';
      await lowerText(text, {
        resolver: {
          resolve: async (name, options) => {
            if (open.add(name).size === 2) answer();
            await bothAsked;
            return known.resolve(name, options);
          },
        },
      });
      return [...open].sort();
    },
    is: ['base', 'other'],
  }),
  shows('A9.3', 'refuses', {
    title: 'a step waits for those that it reads, and for no others',
    show: async () => {
      const lowered = await lowerText(
        'FROM base AS a\nRUN a\nFROM base AS b\nRUN b\nFROM base\nCOPY --from=a x /\nCOPY --from=b x /',
      );
      return ['RUN a', 'RUN b', 'COPY --from=a x /'].map((name) =>
        vertexOf(lowered, name).inputs.map(({ origin }) => origin.name.replace(/.*\] /, '')),
      );
    },
    is: [['FROM base'], ['FROM base'], ['FROM base', 'RUN a']],
  }),

  accepts('A9.4', 'an image', 'FROM scratch\nCOPY --from=other a /\nRUN --mount=from=base,target=/m x', {
    asked: ['other', 'base'],
    copies: [{ sources: ['a'] }],
  }),
  refuses(
    'A9.4',
    'an image that is not there, of a mount that would not read it',
    'FROM base\nRUN --mount=type=tmpfs,target=/t,from=nowhere x',
    {
      errors: ['2:5-2:46 image-not-found no image nowhere'],
    },
  ),
  refuses('A9.4', 'an image that is not there', 'FROM scratch\nCOPY --from=nowhere a /', {
    errors: ['2:6-2:20 image-not-found no image nowhere'],
  }),

  accepts(
    'A9.5',
    'the later of two, with a finding',
    'FROM base AS a\nRUN one\nFROM base AS A\nRUN two\nFROM scratch\nCOPY --from=a x /',
    {
      argv: [['/bin/sh', '-c', 'two']],
      findings: ['3 StageNameCasing', '3 DuplicateStageName'],
    },
  ),
  refuses(
    'A9.5',
    'between the two there is none',
    'FROM base AS a\nFROM base AS b\nCOPY --from=a x /\nFROM base AS a\nFROM b',
    {
      errors: ['3:6-3:14 stage-unknown cannot copy from stage "a", it needs to be defined before current stage "b"'],
    },
  ),
];
