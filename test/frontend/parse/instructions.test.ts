import { describe, expect, test } from 'vitest';
import { one, place, problems, read, textAt } from './rig.ts';

function refusals(rows: readonly (readonly [rule: string, text: string, problem: string])[]): void {
  test.each(rows)('%s', (_rule, text, problem) => expect(problems(`FROM a\n${text}`)).toEqual([problem]));
}

describe('A4 exec form', () => {
  const forms: readonly (readonly [text: string, form: 'shell' | 'exec', args: readonly string[]])[] = [
    ['CMD   [  "echo"  ,  "a\\tb\\u00e9"  ]', 'exec', ['echo', 'a\tbé']],
    ['CMD [ \\\n  "one", \\\n # c\n  "two" \\\n]', 'exec', ['one', 'two']],
    ['CMD []', 'exec', []],
    ['CMD ["\\ud800x", "😀"]', 'exec', ['\ufffdx', '😀']],
    ["CMD ['single', 'quotes']", 'shell', ["['single', 'quotes']"]],
    ['CMD ["echo", "a"] b', 'shell', ['["echo", "a"] b']],
    ['CMD ["a",]', 'shell', ['["a",]']],
    ['CMD ["c:\\x"]', 'shell', ['["c:\\x"]']],
    ['CMD echo one \\\n  two', 'shell', ['echo one   two']],
    ['CMD', 'shell', ['']],
  ];
  test.each(forms)('%s', (text, form, args) => {
    const cmd = one('cmd', text);
    expect([cmd.form, cmd.args]).toEqual([form, args]);
  });

  refusals([
    [
      'A4.1 not strings',
      'CMD ["a", 1]',
      '2:5-2:13 instruction-invalid when using JSON array syntax, arrays must be comprised of strings only',
    ],
    [
      'A4.1 nested',
      'COPY ["a", ["b"]]',
      '2:6-2:18 instruction-invalid when using JSON array syntax, arrays must be comprised of strings only',
    ],
  ]);

  test('its elements are located', () => {
    const text = 'FROM a\nCOPY ["a \\"b", \\\n "c,\\u0041", "/d/"]';
    const copy = read(text)[1];
    if (copy?.kind !== 'copy') throw new Error('no copy');
    expect([...copy.sources, copy.dest].map((word) => [word.text, textAt(text, word.range)])).toEqual([
      ['a "b', '"a \\"b"'],
      ['c,A', '"c,\\u0041"'],
      ['/d/', '"/d/"'],
    ]);
    expect(copy.form).toBe('json');
  });
});

describe('A5 flags', () => {
  const flags = (text: string): unknown => one('copy', text).flags.map(({ name, value }) => [name, value]);

  test('A5.1 quotes, escapes and a lone --', () => {
    expect(flags('COPY --chown="1:2" --chmod=\'0600\' --link --exclude=a\\ b --exclude="x y" a /')).toEqual([
      ['chown', '1:2'],
      ['chmod', '0600'],
      ['link', undefined],
      ['exclude', 'a b'],
      ['exclude', 'x y'],
    ]);
    const copy = one('copy', 'COPY --chown=3:4 -- --a /x');
    expect(copy.sources.map(({ text }) => text)).toEqual(['--a']);
    expect(flags('COPY --chown=é --from= a /')).toEqual([
      ['chown', 'é'],
      ['from', ''],
    ]);
    expect(one('copy', 'COPY a --link /x').sources.map(({ text }) => text)).toEqual(['a', '--link']);
    expect(one('cmd', 'CMD echo --x').args).toEqual(['echo --x']);
  });

  test('A5.1 the escape character of the file, inside quotes too', () => {
    const copied = read('# escape=`\nFROM a\nCOPY --exclude=C:\\a` b --exclude="x`"y" a /')[1];
    expect(copied?.flags.map(({ value }) => value)).toEqual(['C:\\a b', 'x"y']);
    const trigger = '# escape=`\nFROM a\nONBUILD COPY --exclude=a` b <<E /\nx\nE\n';
    expect(read(trigger)[1]?.heredocs).toHaveLength(1);
  });

  test('A5.3 nobody looks at the flags of ARG, STOPSIGNAL and HEALTHCHECK NONE', () => {
    expect(one('arg', 'ARG --x A').pairs.map(({ key }) => key)).toEqual(['A']);
    expect(one('stopsignal', 'STOPSIGNAL --x 9').signal.text).toBe('9');
    expect(one('healthcheck', 'HEALTHCHECK --x NONE').test).toBe('none');
  });

  test('A5.2 the hint names what was meant', () => {
    const hint = (text: string): string | undefined => {
      try {
        read(`FROM a\n${text}`);
      } catch (error) {
        return (error as { hint?: string }).hint;
      }
      return undefined;
    };
    expect(hint('COPY --chwon=1 a /')).toBe('did you mean --chown?');
    expect(hint('RUNN x')).toBe('did you mean RUN?');
    expect(hint('CDM ["x"]')).toBe('did you mean CMD?');
    expect(hint('rnu x')).toBe('did you mean RUN?');
    for (const text of ['FROM b # x', 'FROM b AS c # x', 'ENV A=1 # x', 'LABEL a=b # x', 'HEALTHCHECK NONE # x']) {
      expect(hint(text)).toBe('a comment stands on a line of its own');
    }
    expect(hint('SHELL powershell -Command')).toBe('write SHELL ["powershell", "-Command"]');
    expect(hint('SHELL ["sh" "-c"]')).toBe('write SHELL ["/bin/sh", "-c"]');
    expect(hint('SHELL ["a"] # x')).toBe('a comment stands on a line of its own: write SHELL ["/bin/sh", "-c"]');
    expect(hint('FROM b builder')).toBe('did you mean FROM b AS builder?');
    expect(hint('ENV --x A=1')).toContain('lone --');
  });

  refusals([
    ['A5.2 unknown', 'COPY --chwon=1 a /', '2:6-2:15 unknown-flag unknown flag: --chwon of COPY'],
    ['A5.2 twice', 'COPY --chown=1 --chown=2 a /', '2:16-2:25 flag-invalid duplicate flag specified: --chown of COPY'],
    ['A5.2 no value', 'COPY --from a /', '2:6-2:12 flag-invalid missing a value on flag: --from of COPY'],
    ['A5.2 empty boolean', 'COPY --link= a /', '2:6-2:13 flag-invalid missing a value on flag: --link of COPY'],
    [
      'A5.2 no boolean',
      'COPY --link=maybe a /',
      '2:6-2:18 flag-invalid expecting boolean value for flag --link of COPY, not: maybe',
    ],
    ['A5.3 none known', 'ENV --x=1 A=1', '2:5-2:10 unknown-flag unknown flag: --x of ENV'],
    ['A5.3 of Object', 'ENV --constructor A=1', '2:5-2:18 unknown-flag unknown flag: --constructor of ENV'],
    ['A6.13 of the other one', 'ADD --parents a /', '2:5-2:14 unknown-flag unknown flag: --parents of ADD'],
  ]);
});

describe('A6 instructions', () => {
  test('A6.1 FROM', () => {
    const text = 'FROM --platform=$P debian:12 as Build.V1-X_Y';
    const [from] = read(text);
    if (from?.kind !== 'from') throw new Error('no from');
    expect([from.image.text, from.as?.text, from.asKeywordText, from.keyword]).toEqual([
      'debian:12',
      'Build.V1-X_Y',
      'as',
      'FROM',
    ]);
    expect([from.image, from.as].map((word) => place(word?.range))).toEqual(['1:20-1:29', '1:33-1:45']);
    expect(from.flags[0]?.value).toBe('$P');
  });
  refusals([
    ['A6.1 none', 'FROM', '2:1-2:5 instruction-invalid FROM requires either one or three arguments'],
    ['A6.1 two', 'FROM b c', '2:8-2:9 instruction-invalid FROM requires either one or three arguments'],
    ['A6.1 four', 'FROM b AS c d', '2:13-2:14 instruction-invalid FROM requires either one or three arguments'],
    [
      'A6.1 name',
      'FROM b AS 1bad',
      `2:11-2:15 stage-invalid invalid name for build stage: "1bad", name can't start with a number or contain symbols`,
    ],
  ]);

  const pairs = (text: string): unknown => {
    const instruction = one(text.startsWith('ARG') ? 'arg' : text.startsWith('ENV') ? 'env' : 'label', text);
    return instruction.pairs.map(({ key, value }) => [key, value]);
  };
  test('A6.9 ENV and LABEL', () => {
    expect(pairs(`ENV A=1 B="two words" C='single $A' D=esc\\ aped E=`)).toEqual([
      ['A', '1'],
      ['B', '"two words"'],
      ['C', "'single $A'"],
      ['D', 'esc\\ aped'],
      ['E', ''],
    ]);
    expect(pairs('LABEL "f g"=h c=x#y u="héllo ✓" k=a=b')).toEqual([
      ['"f g"', 'h'],
      ['c', 'x#y'],
      ['u', '"héllo ✓"'],
      ['k', 'a=b'],
    ]);
    expect(pairs('ENV A=x\\')).toEqual([['A', 'x']]);
    expect(read('# escape=`\nFROM a\nENV W=C:\\dir\\ T=a`$b')[1]).toMatchObject({
      pairs: [
        { key: 'W', value: 'C:\\dir\\' },
        { key: 'T', value: 'a`$b' },
      ],
    });
  });
  test('A6.9 the legacy form', () => {
    const env = one('env', 'ENV LEGACY  some value with  spaces  and "quotes"=');
    expect([env.isLegacy, env.pairs[0]?.key, env.pairs[0]?.value]).toEqual([
      true,
      'LEGACY',
      'some value with  spaces  and "quotes"=',
    ]);
    expect(one('label', 'LABEL a=b').isLegacy).toBe(false);
  });
  test('A6.16 ARG', () => {
    expect(pairs('ARG A B= C="x y" D=$A')).toEqual([
      ['A', undefined],
      ['B', ''],
      ['C', '"x y"'],
      ['D', '$A'],
    ]);
  });
  refusals([
    ['A6.9 nothing', 'ENV', '2:1-2:4 instruction-invalid ENV requires at least one argument'],
    ['A6.9 no value', 'ENV A', '2:5-2:6 instruction-invalid ENV must have two arguments'],
    [
      'A6.9 no pair',
      'LABEL A=1 B',
      `2:11-2:12 instruction-invalid Syntax error - can't find = in "B". Must be of the form: name=value`,
    ],
    ['A6.9 blank name', 'ENV =x', '2:5-2:7 instruction-invalid ENV names can not be blank'],
    ['A6.16 nothing', 'ARG', '2:1-2:4 instruction-invalid ARG requires at least one argument'],
    ['A6.16 blank name', 'ARG A =x', '2:7-2:9 instruction-invalid ARG names can not be blank'],
  ]);

  test('A6.12 EXPOSE, A6.14 VOLUME, A6.15 USER and WORKDIR, A6.18 STOPSIGNAL and SHELL, A6.11 MAINTAINER', () => {
    expect(one('expose', 'EXPOSE 80\t$PORTS/udp').ports.map(({ text }) => text)).toEqual(['80', '$PORTS/udp']);
    expect(one('volume', 'VOLUME ["/v3", " /v 4 "]').paths.map(({ text }) => text)).toEqual(['/v3', '/v 4']);
    expect(one('volume', 'VOLUME /v1 rel').form).toBe('words');
    expect(one('user', 'USER app : x ').user.text).toBe('app : x');
    expect(one('workdir', 'WORKDIR "/a b"').path.text).toBe('"/a b"');
    expect(one('stopsignal', 'STOPSIGNAL $S').signal.text).toBe('$S');
    expect(one('shell', 'SHELL ["/bin/sh", "-ec"]').args).toEqual(['/bin/sh', '-ec']);
    expect(one('maintainer', 'MAINTAINER a <b@c>').name).toBe('a <b@c>');
  });
  refusals([
    ['A6.12 nothing', 'EXPOSE', '2:1-2:7 instruction-invalid EXPOSE requires at least one argument'],
    ['A6.14 nothing', 'VOLUME', '2:1-2:7 instruction-invalid VOLUME requires at least one argument'],
    ['A6.14 empty', 'VOLUME []', '2:1-2:7 instruction-invalid VOLUME requires at least one argument'],
    ['A6.14 blank', 'VOLUME ["/a", " "]', '2:15-2:18 instruction-invalid VOLUME specified can not be an empty string'],
    ['A6.15 USER', 'USER', '2:1-2:5 instruction-invalid USER requires exactly one argument'],
    ['A6.15 WORKDIR', 'WORKDIR ', '2:1-2:8 instruction-invalid WORKDIR requires exactly one argument'],
    ['A6.18 words', 'SHELL /bin/sh -c', '2:7-2:17 instruction-invalid SHELL requires the arguments to be in JSON form'],
    ['A6.18 empty', 'SHELL []', '2:1-2:6 instruction-invalid SHELL requires at least one argument'],
    [
      'A6.13 one word',
      'COPY a.txt',
      '2:6-2:11 instruction-invalid COPY requires at least two arguments, but only one was provided. Destination could not be determined',
    ],
  ]);

  test('A6.17 ONBUILD', () => {
    const onbuild = one('onbuild', 'onBuild \\\n copy --from=x a  \\\n /b');
    expect([onbuild.trigger, onbuild.triggerKeyword]).toEqual(['copy --from=x a   /b', 'COPY']);
    expect(one('onbuild', 'ONBUILD RUNN x').trigger).toBe('RUNN x');
  });
  refusals([
    ['A6.17 nothing', 'ONBUILD', '2:1-2:8 instruction-invalid ONBUILD requires at least one argument'],
    [
      'A6.17 chain',
      'ONBUILD ONBUILD RUN x',
      "2:9-2:16 onbuild-invalid Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed",
    ],
    ['A6.17 FROM', 'ONBUILD from x', "2:9-2:13 onbuild-invalid FROM isn't allowed as an ONBUILD trigger"],
    [
      'A6.17 MAINTAINER',
      'ONBUILD MAINTAINER x',
      "2:9-2:19 onbuild-invalid MAINTAINER isn't allowed as an ONBUILD trigger",
    ],
    ['A6.17 words', 'ONBUILD ENV A', '2:13-2:14 instruction-invalid ENV must have two arguments'],
    [
      'A6.17 JSON',
      'ONBUILD CMD [1]',
      '2:13-2:16 instruction-invalid when using JSON array syntax, arrays must be comprised of strings only',
    ],
  ]);

  test('A6.19 HEALTHCHECK', () => {
    const all =
      'HEALTHCHECK --interval=1m30s --timeout=1.5s --start-period=100ms --start-interval=2h --retries=3   CMD   probe   it';
    expect(one('healthcheck', all)).toMatchObject({
      test: { form: 'shell', args: ['probe   it'] },
      intervalNs: 90e9,
      timeoutNs: 1.5e9,
      startPeriodNs: 1e8,
      startIntervalNs: 7200e9,
      retries: 3,
    });
    const exec = one('healthcheck', 'HEALTHCHECK --interval=0 --retries=0 cmd ["probe", "--fast"]');
    expect(exec.test).toEqual({ form: 'exec', args: ['probe', '--fast'] });
    expect([exec.intervalNs, exec.retries]).toEqual([undefined, undefined]);
    expect(one('healthcheck', 'HEALTHCHECK none').test).toBe('none');
  });
  const interval = (value: string, why: string): readonly [string, string, string] => [
    `A6.19 interval ${value}`,
    `HEALTHCHECK --interval=${value} CMD x`,
    `2:13-2:${24 + value.length} flag-invalid HEALTHCHECK --interval: ${why}`,
  ];
  refusals([
    interval('soon', 'time: invalid duration "soon"'),
    interval('10', 'time: missing unit in duration "10"'),
    interval('1d', 'time: unknown unit "d" in duration "1d"'),
    interval('50ns', 'Interval "interval" cannot be less than 1ms'),
    interval('-1s', 'Interval "interval" cannot be less than 1ms'),
    interval('9999999h', 'time: invalid duration "9999999h"'),
    ['A6.19 nothing', 'HEALTHCHECK', '2:1-2:12 instruction-invalid HEALTHCHECK requires at least one argument'],
    ['A6.19 no command', 'HEALTHCHECK CMD', '2:13-2:16 instruction-invalid Missing command after HEALTHCHECK CMD'],
    ['A6.19 NONE', 'HEALTHCHECK NONE x', '2:18-2:19 instruction-invalid HEALTHCHECK NONE takes no arguments'],
    ['A6.19 type', 'HEALTHCHECK test x', '2:13-2:17 instruction-invalid Unknown type "test" in HEALTHCHECK (try CMD)'],
    ['A6.19 negative', 'HEALTHCHECK --retries=-1 CMD x', '2:13-2:25 flag-invalid --retries cannot be negative (-1)'],
    [
      'A6.19 retries',
      'HEALTHCHECK --retries=x CMD y',
      '2:13-2:24 flag-invalid HEALTHCHECK --retries: invalid number "x"',
    ],
  ]);

  test('A6.6 RUN', () => {
    const run = one('run', 'RUN --network=host --security=insecure --device=a --device=b --mount=target=/x echo  "$x"');
    expect([run.form, run.args]).toEqual(['shell', ['echo  "$x"']]);
    expect(run.flags.map(({ text }) => text)).toEqual([
      '--network=host',
      '--security=insecure',
      '--device=a',
      '--device=b',
      '--mount=target=/x',
    ]);
    expect(one('run', 'RUN').args).toEqual(['']);
    expect(one('run', 'RUN --mount=type=$T,bogus=1 x').flags).toHaveLength(1);
  });
  refusals([
    ['A6.6 network', 'RUN --network=bridge x', '2:5-2:21 flag-invalid invalid network mode "bridge"'],
    ['A6.6 security', 'RUN --security=x y', '2:5-2:17 flag-invalid security "x" is not valid'],
    [
      'a mount that is no CSV',
      'RUN --mount=target=\\"/x\\" y',
      '2:5-2:26 flag-invalid failed to parse csv mounts: "target=\\"/x\\""',
    ],
    [
      'A7.2 mount from a variable',
      'RUN --mount=from=$S,target=/x y',
      "2:5-2:30 stage-unknown 'from' doesn't support variable expansion, define alias stage instead",
    ],
  ]);
});
