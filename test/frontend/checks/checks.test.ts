import { describe, expect, test } from 'vitest';
import { isEnabled, parseCheckConfig, withComments } from '../../../src/frontend/checks/check-config.ts';
import { checkText, type GivenOptions, lowerError, lowerText } from '../lower/rig.ts';

async function found(text: string, given: GivenOptions = {}): Promise<readonly string[]> {
  const { diagnostics } = await checkText(text, given);
  return diagnostics.map(({ range, code, message }) => `${range.startLine} ${code}: ${message}`);
}

describe('each rule', () => {
  test.each<[string, string, readonly string[]]>([
    ['nothing', 'FROM base AS a\nENV A=1\nCMD ["x"]\n', []],
    ['StageNameCasing', 'FROM base AS Up\n', ["1 StageNameCasing: Stage name 'Up' should be lowercase"]],
    ['FromAsCasing', 'FROM base as a\n', ["1 FromAsCasing: 'as' and 'FROM' keywords' casing do not match"]],
    [
      'FromAsCasing of a mixed word',
      'from base As x\nfrom base aS y\nFrom base As z\n',
      [
        "1 FromAsCasing: 'As' and 'from' keywords' casing do not match",
        "2 FromAsCasing: 'aS' and 'from' keywords' casing do not match",
        "3 ConsistentInstructionCasing: Command 'From' should match the case of the command majority (lowercase)",
      ],
    ],
    [
      'ConsistentInstructionCasing',
      'FROM base\nrun x\nRUN x\nEnv A=1\n',
      [
        "2 ConsistentInstructionCasing: Command 'run' should match the case of the command majority (uppercase)",
        "4 ConsistentInstructionCasing: Command 'Env' should match the case of the command majority (uppercase)",
      ],
    ],
    [
      'lower case wins when there is more of it',
      'from base\nrun x\nRUN y\n',
      ["3 ConsistentInstructionCasing: Command 'RUN' should match the case of the command majority (lowercase)"],
    ],
    [
      'DuplicateStageName',
      'FROM base AS x\nFROM base AS x\n',
      ['2 DuplicateStageName: Duplicate stage name "x", stage names should be unique'],
    ],
    [
      'ReservedStageName',
      'FROM base AS context\n',
      ['1 ReservedStageName: Stage name should not use the same name as reserved stage "context"'],
    ],
    [
      'JSONArgsRecommended',
      'FROM base\nCMD x\nENTRYPOINT y\nSHELL ["/bin/sh", "-c"]\nENTRYPOINT z\n',
      [
        '2 JSONArgsRecommended: JSON arguments recommended for CMD to prevent unintended behavior related to OS signals',
        '3 JSONArgsRecommended: JSON arguments recommended for ENTRYPOINT to prevent unintended behavior related to OS signals',
        '3 MultipleInstructionsDisallowed: Multiple ENTRYPOINT instructions should not be used in the same stage because only the last one will be used',
      ],
    ],
    [
      'MaintainerDeprecated',
      'FROM base\nMAINTAINER me\n',
      ['2 MaintainerDeprecated: Maintainer instruction is deprecated in favor of using label'],
    ],
    [
      'WorkdirRelativePath',
      'FROM base\nWORKDIR rel\nWORKDIR /abs\nWORKDIR rel2\n',
      ['2 WorkdirRelativePath: Relative workdir "rel" can have unexpected results if the base image changes'],
    ],
    ['a WORKDIR of the parent counts', 'FROM base AS a\nWORKDIR /a\nFROM a\nWORKDIR rel\n', []],
    [
      'LegacyKeyValueFormat',
      'FROM base\nENV A b c\nLABEL d e\n',
      [
        '2 LegacyKeyValueFormat: "ENV key=value" should be used instead of legacy "ENV key value" format',
        '3 LegacyKeyValueFormat: "LABEL key=value" should be used instead of legacy "LABEL key value" format',
      ],
    ],
    [
      'names of instructions as they are written',
      'from base\nenv A b\nCmd x\ncmd y\n',
      [
        '2 LegacyKeyValueFormat: "env key=value" should be used instead of legacy "env key value" format',
        "3 ConsistentInstructionCasing: Command 'Cmd' should match the case of the command majority (lowercase)",
        '3 JSONArgsRecommended: JSON arguments recommended for Cmd to prevent unintended behavior related to OS signals',
        '3 MultipleInstructionsDisallowed: Multiple cmd instructions should not be used in the same stage because only the last one will be used',
        '4 JSONArgsRecommended: JSON arguments recommended for cmd to prevent unintended behavior related to OS signals',
      ],
    ],
    [
      'SecretsUsedInArgOrEnv',
      'FROM base\nARG API_KEY\nENV DB_PASSWORD=x PUBLIC_KEY=y TOKENIZER=z\nARG AUTH_TOKEN_FILE\nLABEL secret=1\n',
      [
        '2 SecretsUsedInArgOrEnv: Do not use ARG or ENV instructions for sensitive data (ARG "API_KEY")',
        '3 SecretsUsedInArgOrEnv: Do not use ARG or ENV instructions for sensitive data (ENV "DB_PASSWORD")',
      ],
    ],
    [
      'UndefinedArgInFrom',
      'ARG TAGS=1\nARG EMPTY\nFROM base$TAG$EMPTY\n',
      ["3 UndefinedArgInFrom: FROM argument 'TAG' is not declared (did you mean TAGS?)"],
    ],
    [
      'InvalidDefaultArgInFrom',
      'ARG B\nFROM $B\n',
      ['2 InvalidDefaultArgInFrom: Default value for ARG $B results in empty or invalid base image name'],
    ],
    [
      'UndefinedVar',
      'FROM base\nARG KNOWN\nENV FOO=1\nENV BAR=$FO PATH=$PATH:/x\nCOPY $NOPE$KNOWN /x/\nLABEL a=${DEFAULT:-ok}\nENV ALPHABET=1 B=$ALPHABET C=$FOA\n',
      [
        "4 UndefinedVar: Usage of undefined variable '$FO' (did you mean $FOO?)",
        "5 UndefinedVar: Usage of undefined variable '$NOPE'",
        "6 UndefinedVar: Usage of undefined variable '$DEFAULT'",
        "7 UndefinedVar: Usage of undefined variable '$ALPHABET'",
        "7 UndefinedVar: Usage of undefined variable '$FOA' (did you mean $FOO?)",
      ],
    ],
    [
      'UndefinedVar, once for each word',
      'FROM base\nENV A=$X B=$X$X\nCOPY $foo $foo /x/\nARG C=$NOPE D=$D\nEXPOSE 80 $FOO\n',
      [
        "2 UndefinedVar: Usage of undefined variable '$X'",
        "2 UndefinedVar: Usage of undefined variable '$X'",
        "3 UndefinedVar: Usage of undefined variable '$foo'",
        "3 UndefinedVar: Usage of undefined variable '$foo'",
        "4 UndefinedVar: Usage of undefined variable '$NOPE'",
        "4 UndefinedVar: Usage of undefined variable '$D' (did you mean $A?)",
      ],
    ],
    [
      'UndefinedVar, not of what scanners read',
      'FROM base\nARG BUILDKIT_SBOM_SCAN_CONTEXT=true\nENV A=$BUILDKIT_SBOM_SCAN_CONTEXT B=$BUILDKIT_SBOM_SCAN_STAGE\n',
      [],
    ],
    [
      'suggestions mind the case',
      'ARG Tag=1\nFROM base$TAGS AS a\nENV Foos=1\nLABEL a=$FOO\n',
      [
        "2 UndefinedArgInFrom: FROM argument 'TAGS' is not declared",
        "4 UndefinedVar: Usage of undefined variable '$FOO'",
      ],
    ],
    [
      'platforms by what they come to',
      'FROM --platform=${TARGETPLATFORM:-linux/amd64} base AS a\nFROM --platform=${TARGETPLATFORM#linux/} base AS b\nFROM --platform="linux/amd64" base AS c\n',
      [
        '1 RedundantTargetPlatform: Setting platform to predefined ${TARGETPLATFORM:-linux/amd64} in FROM is redundant as this is the default behavior',
        '3 FromPlatformFlagConstDisallowed: FROM --platform flag should not use constant value "linux/amd64"',
      ],
    ],
    [
      'platforms',
      'FROM --platform=$TARGETPLATFORM base AS a\nFROM --platform=linux/amd64 base AS b\nFROM --platform=linux/amd64 base AS on_amd64\n',
      [
        '1 RedundantTargetPlatform: Setting platform to predefined $TARGETPLATFORM in FROM is redundant as this is the default behavior',
        '2 FromPlatformFlagConstDisallowed: FROM --platform flag should not use constant value "linux/amd64"',
      ],
    ],
    [
      'EXPOSE',
      'FROM base\nEXPOSE 80/TCP 81:82 :83 ::84\n',
      [
        "2 ExposeProtoCasing: Defined protocol '80/TCP' in EXPOSE instruction should be lowercase",
        "2 ExposeInvalidFormat: EXPOSE instruction should not define an IP address or host-port mapping, found '81:82'",
      ],
    ],
    [
      'InvalidDefinitionDescription, when asked for',
      '# check=experimental=all\n# wrong words\nFROM base AS build\n# X is right\nARG X=1\n# other\nARG Y=1\n# other\nRUN x\n',
      [
        '3 InvalidDefinitionDescription: Comment for FROM should follow the format: `# build <description>`',
        '7 InvalidDefinitionDescription: Comment for ARG should follow the format: `# Y <description>`',
      ],
    ],
    [
      'InvalidDefinitionDescription of some names, of a name alone, and of a check comment',
      '# check=experimental=InvalidDefinitionDescription\n# A\nARG A\n# other\nARG A B\n# B is b\nARG A B\n# a is it\n# check=skip=all\nFROM base AS a\n# A is a\n\nARG A\n# other\n#\nARG A\n# A\tx\nARG A\n',
      [
        '5 InvalidDefinitionDescription: Comment for ARG should follow the format: `# <arg_key> <description>`',
        '10 InvalidDefinitionDescription: Comment for FROM should follow the format: `# a <description>`',
        '18 InvalidDefinitionDescription: Comment for ARG should follow the format: `# A <description>`',
      ],
    ],
    ['InvalidDefinitionDescription is silent otherwise', '# wrong words\nFROM base AS build\n', []],
  ])('%s', async (_title, text, expected) => {
    const given: GivenOptions = text.includes('$B\n') ? { buildArgs: { B: 'base' } } : {};
    expect(await found(text, given)).toEqual(expected);
  });

  test('CopyIgnoredFile', async () => {
    const pattern = (text: string) => ({ pattern: text, line: 1, file: '.dockerignore' });
    const text =
      'FROM base\nCOPY a.txt ./dir/b.txt c.md /x/\nADD a.txt /\nCOPY . /z\nCOPY --from=base a.txt /\nCOPY <<a.txt /\na.txt\n';
    expect(await found(text, { ignorePatterns: [pattern('a.txt'), pattern('dir')] })).toEqual([
      '2 CopyIgnoredFile: Attempting to Copy file "a.txt" that is excluded by .dockerignore',
      '2 CopyIgnoredFile: Attempting to Copy file "dir/b.txt" that is excluded by .dockerignore',
      '3 CopyIgnoredFile: Attempting to Add file "a.txt" that is excluded by .dockerignore',
    ]);
    expect(await found(text, { ignorePatterns: [pattern('a.txt'), pattern('!x')] })).toEqual([]);
    const paths = 'FROM base\nCOPY . /\nCOPY / /\nCOPY ./x/../a.txt/ /a.txt /\n';
    const ignored = async (...patterns: string[]): Promise<readonly string[]> =>
      (await found(paths, { ignorePatterns: patterns.map(pattern) })).map((line) => line.replace(/ that.*/, ''));
    expect(await ignored('a.txt', '.*')).toEqual(['4 CopyIgnoredFile: Attempting to Copy file "a.txt"']);
    for (const all of ['*', '**', '**/*']) {
      expect(await ignored(all)).toEqual([
        '2 CopyIgnoredFile: Attempting to Copy file "."',
        '3 CopyIgnoredFile: Attempting to Copy file "/"',
        '4 CopyIgnoredFile: Attempting to Copy file "a.txt"',
        '4 CopyIgnoredFile: Attempting to Copy file "/a.txt"',
      ]);
    }
  });

  test('InvalidBaseImagePlatform', async () => {
    expect(await found('FROM base\n', { images: { base: { architecture: 'arm64' } } })).toEqual([
      '1 InvalidBaseImagePlatform: Base image base was pulled with platform "linux/arm64", expected "linux/amd64" for current build',
    ]);
  });

  test('no InvalidBaseImagePlatform for a context that stands for the base', async () => {
    const images = { 'oci-layout:///d': { architecture: 'arm64' } };
    expect(await found('FROM base\n', { images, contexts: { base: 'oci-layout:///d' } })).toEqual([]);
    expect(await found('FROM other AS base\n', { images, contexts: { base: 'oci-layout:///d' } })).toEqual([]);
  });
});

describe('what is looked at', () => {
  const text = 'FROM base AS a\nCMD x\nFROM base AS b\nCMD y\n';

  test('all stages for a check, only the needed ones for a target or a build', async () => {
    expect((await found(text)).map((line) => line.split(' ')[0])).toEqual(['2', '4']);
    expect((await found(text, { target: 'a' })).map((line) => line.split(' ')[0])).toEqual(['2']);
    expect((await found(text, { isCheck: false })).map((line) => line.split(' ')[0])).toEqual(['4']);
  });

  test('triggers of an image and of a stage, at the FROM that fires them', async () => {
    const images = { base: { config: { OnBuild: ['CMD x', 'LABEL a=$NOPE', 'Cmd y'] } } };
    expect(await found('FROM base\n', { images })).toEqual([
      '1 JSONArgsRecommended: JSON arguments recommended for CMD to prevent unintended behavior related to OS signals',
      "1 UndefinedVar: Usage of undefined variable '$NOPE'",
      '1 MultipleInstructionsDisallowed: Multiple Cmd instructions should not be used in the same stage because only the last one will be used',
      '1 JSONArgsRecommended: JSON arguments recommended for Cmd to prevent unintended behavior related to OS signals',
    ]);
    const text = 'FROM base AS a\nONBUILD CMD foo\nONBUILD LABEL x=$y\nONBUILD WORKDIR rel\n# check=skip=all\nFROM a\n';
    expect((await found(text)).map((line) => line.split(':')[0])).toEqual([
      '6 JSONArgsRecommended',
      '6 UndefinedVar',
      '6 WorkdirRelativePath',
    ]);
  });
});

describe('triggers of stages that the target does not need', () => {
  const base = 'FROM base AS a\nONBUILD CMD foo\nONBUILD ENV A=${B?x}\n';

  test('do not fire in a check of all stages', async () => {
    expect(await found(`${base}FROM a AS b\nMAINTAINER me\nFROM base\n`)).toEqual([
      '5 MaintainerDeprecated: Maintainer instruction is deprecated in favor of using label',
    ]);
    const images = { base: { config: { OnBuild: ['FROM nowhere'] } }, other: {} };
    expect(await found('FROM base\nFROM other\n', { images })).toEqual([]);
  });

  test('fire in one that the target names in a trigger only', async () => {
    const text = 'FROM base AS a\nONBUILD CMD foo\nFROM base AS b\nONBUILD COPY --from=c /x /\nFROM a AS c\nFROM b\n';
    expect((await found(text)).map((line) => line.split(':')[0])).toEqual(['5 JSONArgsRecommended']);
  });
});

describe('what was found before an error is told', () => {
  test.each<[string, string, readonly string[]]>([
    [
      'a syntax error',
      'FROM scratch AS BadStageName\nMAINTAINER me@x\nRUN a \\\n\n b\nBADCMD\nMAINTAINER me@x\n',
      ['1 StageNameCasing', '2 MaintainerDeprecated', '5 NoEmptyContinuation'],
    ],
    ['no more than those rules', '# check=skip=StageNameCasing\nFROM scratch AS Up\nCMD x\nBADCMD\n', []],
    [
      'an instruction before FROM, and it is checked',
      'MAINTAINER me\nFROM scratch\nMAINTAINER me\n',
      ['1 MaintainerDeprecated'],
    ],
    ...[
      'ENV A',
      'LABEL a=b c',
      'CMD ["a", 1]',
      'HEALTHCHECK CMD [1]',
      'ONBUILD ENV A',
      'ONBUILD RUN [1]',
      'RUN <<EOF',
      `ENV A=${'x'.repeat(70_000)}`,
      'BADCMD\nENV A',
    ].map((line): [string, string, readonly string[]] => [
      `nothing above what cannot be read: ${line.slice(0, 30)}`,
      `FROM scratch AS Up\nMAINTAINER me\nRUN a \\\n\n b\n${line}\n`,
      [],
    ]),
    ['nothing below a bad directive', '# escape=x\nFROM scratch AS Up\nRUN a \\\n\n b\n', []],
    ['a platform that is not set', 'FROM --platform=$BULIDPLATFORM scratch\nCMD x\n', ['1 UndefinedArgInFrom']],
    ['a platform that is none', 'FROM --platform=$X/$Y scratch\n', ['1 UndefinedArgInFrom', '1 UndefinedArgInFrom']],
    ['a base that is not set', 'FROM $UNDEF\n', ['1 InvalidDefaultArgInFrom', '1 UndefinedArgInFrom']],
    ['a base that must be', 'FROM ${UNDEF?no}\n', ['1 UndefinedArgInFrom']],
    ['an ARG that must be', 'ARG A=${B?no}\nFROM scratch AS Up\n', ['2 StageNameCasing']],
    ['an instruction that is refused', 'FROM scratch\nVOLUME $NOPE\nENV a b\n', ['2 UndefinedVar']],
    ['a word that does not expand', 'FROM scratch\nLABEL a=$A b=${B?no} c=$C\n', ['2 UndefinedVar', '2 UndefinedVar']],
    ['an ARG of the stage', 'FROM scratch\nARG TOKEN=${B?no}\n', ['2 SecretsUsedInArgOrEnv', '2 UndefinedVar']],
    ['a port', 'FROM scratch\nEXPOSE 99999 1:2 99999/TCP\n', ['2 ExposeInvalidFormat']],
    ['the words of COPY', 'FROM scratch\nCOPY --chmod=x$A $B /x\n', ['2 UndefinedVar', '2 UndefinedVar']],
    [
      'bases before steps',
      'FROM base AS a\nVOLUME $NOPE\nFROM --platform=linux/arm64 base AS b_arm64\n',
      ['2 UndefinedVar', '3 InvalidBaseImagePlatform'],
    ],
  ])('%s', async (_title, text, expected) => {
    const { diagnostics, error } = await checkText(text);
    expect(diagnostics.map(({ range, code }) => `${range.startLine} ${code}`)).toEqual(expected);
    expect(error).toBeDefined();
  });
});

describe('# check=', () => {
  test.each([
    [
      '# check=skip=MaintainerDeprecated,JSONArgsRecommended\nFROM base\nMAINTAINER me\nCMD x\nWORKDIR rel\n',
      ['WorkdirRelativePath'],
    ],
    ['# check=skip=all\nFROM base\nMAINTAINER me\n', []],
    ['FROM base\n# check=skip=JSONArgsRecommended\nCMD x\nWORKDIR rel\n', ['WorkdirRelativePath']],
  ])('%j', async (text, codes) => {
    const { diagnostics } = await lowerText(text);
    expect(diagnostics.map(({ code }) => code)).toEqual(codes);
  });

  test('error=true is an error, beside the findings', async () => {
    const text = '# check=error=true\nFROM base\nWORKDIR rel\nCMD x\n';
    expect(await lowerError(text)).toMatchObject({ code: 'check-failed', range: { startLine: 3 } });
    expect((await lowerError(text)).message).toBe(
      'lint violation found for rules: JSONArgsRecommended, WorkdirRelativePath',
    );
    expect(await found(text)).toHaveLength(2);
    await lowerText('# check=error=true\nFROM base\n');
  });

  test.each<[string, readonly string[]]>([
    ['skip=A, WorkdirRelativePath', ['JSONArgsRecommended', 'WorkdirRelativePath']],
    ['skip=WorkdirRelativePath,all', ['JSONArgsRecommended']],
    ['skip=workdirrelativepath', ['JSONArgsRecommended', 'WorkdirRelativePath']],
    ['skip=ALL', ['JSONArgsRecommended', 'WorkdirRelativePath']],
    ['skip=all;experimental=InvalidDefinitionDescription', ['InvalidDefinitionDescription']],
    [
      'skip=InvalidDefinitionDescription,JSONArgsRecommended;experimental=InvalidDefinitionDescription',
      ['InvalidDefinitionDescription', 'WorkdirRelativePath'],
    ],
    ['experimental=invaliddefinitiondescription', ['JSONArgsRecommended', 'WorkdirRelativePath']],
  ])('of the file: %s', async (value, codes) => {
    const { diagnostics } = await lowerText(`# check=${value}\n# other\nFROM base AS a\nCMD x\nWORKDIR rel\n`);
    expect(diagnostics.map(({ code }) => code).sort()).toEqual(codes);
  });

  test.each<[string, readonly string[]]>([
    ['# check=skip=LegacyKeyValueFormat // why', ['SecretsUsedInArgOrEnv']],
    ['# check = skip=LegacyKeyValueFormat, SecretsUsedInArgOrEnv', ['SecretsUsedInArgOrEnv']],
    ['# check=skip=LegacyKeyValueFormat\n# check=skip=SecretsUsedInArgOrEnv', ['SecretsUsedInArgOrEnv']],
    ['# check=skp=all\n# check=skip=all', ['LegacyKeyValueFormat', 'SecretsUsedInArgOrEnv']],
    ['# check=skip=all\n\n\n', []],
    ['# check=skip=all\n#', ['LegacyKeyValueFormat', 'SecretsUsedInArgOrEnv']],
  ])('above an instruction: %j', async (comment, codes) => {
    const { diagnostics } = await lowerText(`FROM base\n${comment}\nENV PASSWORD b\n`);
    expect(diagnostics.map(({ code }) => code).sort()).toEqual(codes);
  });

  test('comments do not reach what is said of the file as a whole', async () => {
    const text =
      'ARG B\nFROM base AS a\n# check=skip=all\nFROM base$B AS a\n# check=skip=all\nrun x\nFROM base AS context\n';
    expect(
      (await found(text, { images: { base: { architecture: 'arm64' } } })).map((line) => line.split(':')[0]),
    ).toEqual([
      '2 InvalidBaseImagePlatform',
      '4 DuplicateStageName',
      '4 InvalidBaseImagePlatform',
      '6 ConsistentInstructionCasing',
      '7 ReservedStageName',
      '7 InvalidBaseImagePlatform',
    ]);
    expect(await found('ARG B\n# check=skip=all\nFROM $B\n', { buildArgs: { B: 'base' } })).toHaveLength(1);
  });

  test('the later of two instructions silences the finding at the earlier one', async () => {
    expect(await found('FROM base\nCMD ["a"]\n# check=skip=MultipleInstructionsDisallowed\nCMD ["b"]\n')).toEqual([]);
    expect(await found('FROM base\n# check=skip=all\nCMD ["a"]\nCMD ["b"]\n')).toHaveLength(1);
  });

  test('a build argument stands in for what the file says, right or wrong', async () => {
    const text = '# check=skp=all\nFROM base\nCMD x\n';
    expect(await lowerError(text)).toMatchObject({ code: 'syntax-error', message: 'invalid check option "skp"' });
    expect(await found(text, { buildArgs: { BUILDKIT_DOCKERFILE_CHECK: 'error=f' } })).toHaveLength(1);
  });

  test('the config', () => {
    const config = parseCheckConfig('skip=A, b;error=T;experimental=C');
    expect(config).toEqual({ skipped: new Set(['A', 'b']), experimental: new Set(['C']), isError: true });
    expect(parseCheckConfig('error=1').isError).toBe(true);
    expect(parseCheckConfig('error=False').isError).toBe(false);
    expect(withComments(config, ['other', 'check=skip=X']).skipped).toEqual(new Set(['A', 'b', 'X']));
    expect(isEnabled('StageNameCasing', parseCheckConfig(undefined))).toBe(true);
    expect(isEnabled('InvalidDefinitionDescription', parseCheckConfig('odd'))).toBe(false);
    expect(
      isEnabled('InvalidDefinitionDescription', parseCheckConfig('experimental=InvalidDefinitionDescription')),
    ).toBe(true);
  });
});

test('a chown of very much in a stage of many COPYs is looked through in time', async () => {
  const copies = Array.from({ length: 1000 }, (_, index) => `COPY f /f${index}\n`);
  const targets = Array.from({ length: 100_000 }, (_, index) => `/g${index}`);
  expect(await found(`FROM base\n${copies.join('')}RUN chown -R a ${targets.join(' \\\n')}\n`)).toEqual([]);
});
