import { expect } from 'vitest';
import { accepts, type Row, refuses } from './row.ts';

/** FROM and the instructions that make layers or variables. */
export const instructionRows: readonly Row[] = [
  accepts('A6.1', 'a name of letters, digits and signs', 'FROM base AS First.1-x_\nRUN x', { reached: ['first.1-x_'] }),
  accepts('A6.1', 'globals in image and platform', 'ARG I=base P=linux/arm64\nFROM --platform=$P ${I}\nRUN x', {
    asked: ['base'],
  }),
  accepts('A6.1', 'a platform that is written empty', 'FROM --platform= base', { asked: ['base'], findings: [] }),
  refuses('A6.1', 'two words', 'FROM base name', {
    errors: ['1:11-1:15 instruction-invalid FROM requires either one or three arguments'],
    hint: 'did you mean FROM base AS name?',
  }),
  refuses('A6.1', 'a name that begins with a digit', 'FROM base AS 1st', {
    errors: [
      '1:14-1:17 stage-invalid invalid name for build stage: "1st", name can\'t start with a number or contain symbols',
    ],
  }),
  refuses('A6.1', 'no name left', 'ARG X\nFROM $X', {
    errors: ['2:6-2:8 stage-invalid base name ($X) should not be blank'],
  }),
  refuses('A6.1', 'no platform left', 'FROM --platform=$X base', {
    errors: ['1:6-1:19 platform-invalid empty platform value from expression $X'],
  }),
  refuses('A6.1', 'an ARG of a stage', 'FROM base AS a\nARG I=base\nFROM $I', {
    errors: ['3:6-3:8 stage-invalid base name ($I) should not be blank'],
  }),

  accepts('A6.2', 'a stage above before an image of that name', 'FROM base AS other\nRUN a\nFROM other\nRUN b', {
    asked: ['base'],
    steps: ['[other 1/2] FROM base', '[other 2/2] RUN a', '[stage-1 1/1] RUN b'],
  }),
  accepts(
    'A6.2',
    'a context of the name for the image',
    'FROM other\nRUN x',
    { asked: ['docker-image://base'] },
    {
      contexts: { other: 'docker-image://base' },
      images: { 'docker-image://base': {} },
    },
  ),
  accepts(
    'A6.2',
    'a context of the name for the whole stage',
    'FROM base AS a\nRUN gone\nFROM scratch\nCOPY --from=a /x /',
    { argv: [], asked: [], copies: [{ sources: ['/x'] }] },
    {
      contexts: { a: 'dir' },
    },
  ),
  refuses(
    'A6.2',
    'a stage below',
    'FROM later\nFROM base AS later\n',
    { errors: ['1:6-1:11 image-not-found no image later'] },
    { isCheck: true, images: { base: {} } },
  ),
  refuses(
    'A6.2',
    'scratch is no context',
    'FROM scratch\nLABEL a=b',
    { asked: [], history: ['e LABEL a=b'] },
    {
      contexts: { scratch: 'dir' },
    },
  ),
  refuses('A6.2', 'a stage by other letters', 'FROM base AS build\nFROM Build', {
    errors: [
      '2:6-2:11 reference-invalid no stage is named Build: invalid reference format: "Build": repository name (library/Build) must be lowercase',
    ],
  }),

  accepts('A6.3', 'an image that is there', 'FROM base AS build\nFROM other', { asked: ['other'], errors: [] }),
  refuses('A6.3', 'a stage misspelt', 'FROM base AS build\nFROM buidl', {
    errors: ['2:6-2:11 image-not-found no stage is named buidl: no image buidl'],
    hint: 'did you mean the stage build?',
  }),
  refuses('A6.3', 'an image misspelt', 'FROM alpin', {
    errors: ['1:6-1:11 image-not-found no image alpin'],
    hint: 'did you mean alpine?',
  }),

  accepts(
    'A6.4',
    'PATH, / and the platform of the target',
    'FROM scratch',
    {
      config: { WorkingDir: '/', Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'] },
      platform: 'linux/s390x',
      asked: [],
    },
    { platform: { os: 'linux', architecture: 's390x' } },
  ),
  refuses(
    'A6.4',
    'an image brings its own',
    'FROM base',
    { config: { WorkingDir: '/w', Env: ['PATH=/p'] } },
    {
      images: { base: { config: { WorkingDir: '/w', Env: ['PATH=/p'] } } },
    },
  ),

  accepts(
    'A6.5',
    'the order that a mount makes',
    'FROM base AS first\nRUN a\nFROM base\nRUN --mount=from=first,target=/f b',
    {
      reached: ['first', '1'],
    },
  ),
  refuses('A6.5', 'the flag of another builder', 'FROM base AS first\nFROM --after=first base', {
    errors: ['2:6-2:19 unknown-flag unknown flag: --after of FROM'],
  }),

  accepts(
    'A6.6',
    'mounts, network, security',
    'FROM base\nSHELL ["sh", "-e"]\nRUN --mount=type=tmpfs,target=/a --mount=type=cache,target=/b --network=none --security=sandbox x  y',
    {
      runs: [
        {
          argv: ['sh', '-e', 'x  y'],
          network: 'none',
          security: 'sandbox',
          mounts: [
            { type: 'tmpfs', target: '/a' },
            { type: 'cache', id: '/b' },
          ],
        },
      ],
    },
  ),
  accepts(
    'A6.6',
    'what was allowed',
    'FROM base\nRUN --network=host --security=insecure x',
    {
      runs: [{ network: 'host', security: 'insecure' }],
    },
    { allow: ['network.host', 'security.insecure'] },
  ),
  refuses('A6.6', 'another network', 'FROM base\nRUN --network=bridge x', {
    errors: ['2:5-2:21 flag-invalid invalid network mode "bridge"'],
  }),
  refuses('A6.6', 'another security', 'FROM base\nRUN --security=none x', {
    errors: ['2:5-2:20 flag-invalid security "none" is not valid'],
  }),
  refuses('A6.6', 'another type of mount', 'FROM base\nRUN --mount=type=bnd,target=/a x', {
    errors: ['2:5-2:31 flag-invalid unsupported mount type "bnd"'],
    hint: 'did you mean bind?',
  }),

  accepts(
    'A6.9',
    'pairs, or one pair with blanks',
    'FROM base\nENV A=1 B="2 3" C=4\\ 5\nENV D  six  "seven"\nLABEL e f g',
    {
      config: { Env: expect.arrayContaining(['A=1', 'B=2 3', 'C=4 5', 'D=six  seven']) },
      labels: { e: 'f g' },
    },
  ),
  refuses('A6.9', 'a name alone', 'FROM base\nENV A', {
    errors: ['2:5-2:6 instruction-invalid ENV must have two arguments'],
  }),
  refuses('A6.9', 'a word without =', 'FROM base\nLABEL a=1 b', {
    errors: ['2:11-2:12 instruction-invalid Syntax error - can\'t find = in "b". Must be of the form: name=value'],
  }),
  refuses('A6.9', 'no name', 'FROM base\nENV =1', {
    errors: ['2:5-2:7 instruction-invalid ENV names can not be blank'],
  }),

  accepts('A6.10', 'variables in names and values', 'FROM base\nENV X=x\nENV $X.y=a$X\nLABEL "$X z"=$X', {
    history: ['e ENV X=x', 'e ENV x.y=ax', 'e LABEL x z=x'],
  }),
  refuses('A6.10', 'the earlier pairs of one ENV', 'FROM base\nENV A=1\nENV A=2 B=$A\nRUN x', { env: ['A=2', 'B=1'] }),

  accepts(
    'A6.13',
    'the flags of COPY',
    'FROM base AS a\nFROM base\nCOPY --from=a --chown=u:g --chmod=u=rwX --link --parents --exclude=*.o --exclude=*.a x y /d/',
    {
      copies: [
        {
          chown: 'u:g',
          chmod: 'u=rwX',
          link: true,
          parents: true,
          excludes: ['*.o', '*.a'],
          sources: ['x', 'y'],
          dest: '/d/',
        },
      ],
    },
  ),
  accepts('A6.13', 'empty ones, as if they were not there', 'FROM base\nCOPY --from= --chown= --chmod= a /', {
    copies: [{ chown: undefined, chmod: undefined, sources: ['a'] }],
    asked: ['base'],
  }),
  accepts(
    'A6.13',
    'the flags of ADD',
    `FROM base\nADD --unpack=false --checksum=sha256:${'0'.repeat(64)} https://h/f /d\nADD --keep-git-dir=true https://h/r.git#v1 /e`,
    {
      copies: [
        { instruction: 'ADD', unpack: false, sources: ['f'], dest: '/d' },
        { unpack: 'auto', sources: ['/'], dest: '/e' },
      ],
    },
  ),
  refuses('A6.13', 'an escaped blank in a word', 'FROM base\nCOPY a\\ b /', {
    copies: [{ sources: ['a', 'b'], dest: '/' }],
  }),
  refuses('A6.13', 'a quoted one', 'FROM base\nCOPY "a b" /', {
    errors: [
      '2:6-2:8 expansion-failed failed to process "\\"a": unexpected end of statement while looking for matching double-quote',
    ],
  }),
  refuses('A6.13', 'a source without a destination', 'FROM base\nCOPY a\nADD b', {
    errors: [
      '2:6-2:7 instruction-invalid COPY requires at least two arguments, but only one was provided. Destination could not be determined',
      '3:5-3:6 instruction-invalid ADD requires at least two arguments, but only one was provided. Destination could not be determined',
    ],
  }),
  refuses('A6.13', 'the flags of the other one', 'FROM base\nADD --from=a b /\nCOPY --keep-git-dir=true b /', {
    errors: [
      '2:5-2:13 unknown-flag unknown flag: --from of ADD',
      '3:6-3:25 unknown-flag unknown flag: --keep-git-dir of COPY',
    ],
  }),

  accepts(
    'A6.16',
    'counted in the history where an ENV has its name, with the value of ENV',
    'FROM base\nARG A=1 B=2\nENV A=e\nRUN x',
    {
      history: ['e ARG A=1 B=2', 'e ENV A=e', 'L RUN |2 A=e B=2 /bin/sh -c x # buildkit'],
    },
  ),
  accepts('A6.16', 'several in one instruction', 'FROM base\nARG A=1 B C="3 4"\nRUN x', {
    env: ['A=1', 'C=3 4'],
    history: ['e ARG A=1 B C=3 4', 'L RUN |3 A=1 B= C=3 4 /bin/sh -c x # buildkit'],
  }),
  refuses('A6.16', 'none', 'FROM base\nARG', {
    errors: ['2:1-2:4 instruction-invalid ARG requires at least one argument'],
  }),
  refuses('A6.16', 'no name', 'FROM base\nARG A =1', {
    errors: ['2:7-2:9 instruction-invalid ARG names can not be blank'],
  }),

  accepts(
    'A6.17',
    'raw text, without history',
    'FROM base\nENV X=x\nONBUILD  RUN a $X \\\n  b\nONBUILD COPY <<E /\n$X\nE',
    {
      config: { OnBuild: ['RUN a $X   b', 'COPY <<E /\n$X\nE'] },
      history: ['e ENV X=x'],
    },
  ),
  accepts(
    'A6.17',
    'names that are blank or not there: whoever fires them is told',
    'FROM base\nONBUILD ENV =x\nONBUILD LABEL a=b =\nONBUILD ENV \\\u00a0',
    {
      config: { OnBuild: ['ENV =x', 'LABEL a=b =', 'ENV \\\u00a0'] },
    },
  ),
  refuses('A6.17', 'an array of other things than strings', 'FROM base\nONBUILD HEALTHCHECK --retries=1 CMD [1]', {
    errors: ['2:37-2:40 instruction-invalid when using JSON array syntax, arrays must be comprised of strings only'],
  }),
  refuses('A6.17', 'one that is a trigger itself', 'FROM base\nONBUILD ONBUILD RUN x', {
    errors: ["2:9-2:16 onbuild-invalid Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed"],
  }),
  refuses('A6.17', 'FROM and MAINTAINER', 'FROM base\nONBUILD FROM a\nONBUILD maintainer b', {
    errors: [
      "2:9-2:13 onbuild-invalid FROM isn't allowed as an ONBUILD trigger",
      "3:9-3:19 onbuild-invalid MAINTAINER isn't allowed as an ONBUILD trigger",
    ],
  }),
];
