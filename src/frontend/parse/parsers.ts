import { BuildError } from '../../errors.ts';
import type { CmdInstruction, Flag, HealthcheckInstruction, Heredoc, Instruction, KeyValue, Word } from '../ast.ts';
import { parseDuration } from './duration.ts';
import { heredocWord } from './heredoc.ts';
import { jsonForm } from './json-form.ts';
import { parseMount } from './mount.ts';
import { invalid, jsonItems, keywordOf, rangeOf, type Source } from './source.ts';
import { blankWords, type Placed, quotedWords } from './words.ts';

type Shared = 'keyword' | 'keywordText' | 'range' | 'text' | 'flags' | 'heredocs' | 'comments';
type WithoutShared<I> = I extends Instruction ? Omit<I, Shared> : never;
/** What a parser adds to the parts that all instructions share. */
export type OwnParts = WithoutShared<Instruction>;
type Parser = (source: Source) => OwnParts;

/** One parser a keyword; each throws BuildErrors that name the word that is wrong. */
export const PARSERS: Readonly<Record<string, Parser>> = {
  FROM: parseFrom,
  RUN: parseRun,
  CMD: (source) => ({ kind: 'cmd', ...command(source) }),
  ENTRYPOINT: (source) => ({ kind: 'entrypoint', ...command(source) }),
  SHELL: parseShell,
  COPY: (source) => parseCopy(source, 'copy'),
  ADD: (source) => parseCopy(source, 'add'),
  ENV: (source) => ({ kind: 'env', ...keyValues(source) }),
  LABEL: (source) => ({ kind: 'label', ...keyValues(source) }),
  ARG: parseArg,
  EXPOSE: (source) => ({ kind: 'expose', ports: atLeastOne(source, blankWords(source.rest, source.offset)) }),
  VOLUME: parseVolume,
  USER: (source) => ({ kind: 'user', user: exactlyOne(source) }),
  WORKDIR: (source) => ({ kind: 'workdir', path: exactlyOne(source) }),
  STOPSIGNAL: (source) => ({ kind: 'stopsignal', signal: exactlyOne(source) }),
  MAINTAINER: (source) => ({ kind: 'maintainer', name: exactlyOne(source).text }),
  HEALTHCHECK: parseHealthcheck,
  ONBUILD: parseOnbuild,
};

const STAGE_NAME = /^[a-z][a-z0-9-_.]*$/;

function parseFrom(source: Source): OwnParts {
  const [image, as, name, ...more] = blankWords(source.rest, source.offset);
  const isPlain = image !== undefined && as === undefined;
  const isNamed = name !== undefined && more.length === 0 && as?.text.toLowerCase() === 'as';
  if (image === undefined || (!isPlain && !isNamed))
    throw invalid(source, 'FROM requires either one or three arguments', 'write FROM image, or FROM image AS name');
  if (as === undefined || name === undefined) return { kind: 'from', image: word(source, image) };
  if (!STAGE_NAME.test(name.text.toLowerCase())) {
    throw new BuildError(
      'stage-invalid',
      `invalid name for build stage: "${name.text}", name can't start with a number or contain symbols`,
      { range: rangeOf(source, name), hint: 'use letters, digits, - _ and ., and begin with a letter' },
    );
  }
  return { kind: 'from', image: word(source, image), as: word(source, name), asKeywordText: as.text };
}

function parseRun(source: Source): OwnParts {
  for (const flag of source.flags) if (flag.name === 'mount') checkMount(flag);
  const { form, args } = command(source);
  if (source.heredocs.length === 0 || form === 'exec') return { kind: 'run', form, args };
  const [text = ''] = args;
  const [first] = source.heredocs;
  if (heredocWord(text) !== undefined && first !== undefined)
    return { kind: 'run', form, args: [first.content], soleHeredoc: true };
  const full = source.heredocs.reduce((sum, { raw, name }) => `${sum}\n${raw}${name}`, text);
  return { kind: 'run', form, args: [full] };
}

/** A mount with variables is checked once they are expanded. */
function checkMount({ value, range }: Flag): void {
  if (value !== undefined && !value.includes('$')) parseMount(value, { range });
}

function command(source: Source): Pick<CmdInstruction, 'form' | 'args'> {
  const items = jsonItems(source);
  if (items !== undefined) return { form: 'exec', args: items };
  return { form: 'shell', args: source.rest === '' ? [] : [source.rest] };
}

function parseShell(source: Source): OwnParts {
  if (source.rest === '')
    throw invalid(source, 'SHELL requires at least one argument', 'write SHELL ["/bin/bash", "-c"]');
  const items = jsonItems(source);
  if (items === undefined)
    throw invalid(source, 'SHELL requires the arguments to be in JSON form', 'write SHELL ["/bin/bash", "-c"]');
  if (items.length === 0)
    throw invalid(source, 'SHELL requires at least one argument', 'write SHELL ["/bin/bash", "-c"]');
  return { kind: 'shell', args: items };
}

function parseCopy(source: Source, kind: 'copy' | 'add'): OwnParts {
  const items = jsonItems(source);
  const words =
    items === undefined
      ? blankWords(source.rest, source.offset).map((one) => word(source, one))
      : items.map((text) => ({ text, range: source.line.range(source.offset) }));
  const dest = words.at(-1);
  const upper = kind.toUpperCase();
  if (words.length === 1)
    throw invalid(
      source,
      `${upper} requires at least two arguments, but only one was provided. Destination could not be determined`,
      `write ${upper} ${words[0]?.text ?? ''} DESTINATION`,
    );
  if (dest === undefined)
    throw invalid(
      source,
      `${upper} requires at least two arguments, but none were provided`,
      `write ${upper} SOURCE DESTINATION`,
    );
  if (items === undefined && heredocWord(dest.text) !== undefined)
    throw invalid(source, `${upper} cannot accept a heredoc as a destination`, 'put the destination last');
  return { kind, sources: words.slice(0, -1), dest, form: items === undefined ? 'words' : 'json' };
}

function keyValues(source: Source): { pairs: readonly KeyValue[]; isLegacy: boolean } {
  const { keyword, rest, offset, escape } = source;
  const words = quotedWords(rest, { escape, offset });
  const [first] = words;
  if (first === undefined)
    throw invalid(source, `${keyword} requires at least one argument`, `write ${keyword} name=value`);
  if (!first.text.includes('=')) return { pairs: [legacyPair(source)], isLegacy: true };
  return { pairs: words.map((one) => pairOf(source, one)), isLegacy: false };
}

/** `ENV name the rest is the value` */
function legacyPair(source: Source): KeyValue {
  const match = /^([^\t\v\f\r ]+)[\t\v\f\r ]+(.*)$/s.exec(source.rest);
  if (match === null)
    throw invalid(source, `${source.keyword} must have two arguments`, `write ${source.keyword} ${source.rest}=value`);
  return {
    key: match[1] ?? '',
    value: match[2] ?? '',
    range: source.line.range(source.offset, source.offset + source.rest.length),
  };
}

function pairOf(source: Source, one: Placed): KeyValue {
  const equals = one.text.indexOf('=');
  if (equals < 0)
    throw invalid(
      source,
      `Syntax error - can't find = in "${one.text}". Must be of the form: name=value`,
      'quote the value if it holds blanks',
      one,
    );
  if (equals === 0) throw blankName(source, one);
  return { key: one.text.slice(0, equals), value: one.text.slice(equals + 1), range: rangeOf(source, one) };
}

function blankName(source: Source, one: Placed): BuildError {
  return invalid(source, `${source.keyword} names can not be blank`, 'give the value a name', one);
}

function parseArg(source: Source): OwnParts {
  const words = quotedWords(source.rest, source);
  if (words.length === 0)
    throw invalid(source, 'ARG requires at least one argument', 'write ARG name, or ARG name=default');
  const pairs = words.map((one): KeyValue => {
    if (one.text.startsWith('=')) throw blankName(source, one);
    return one.text.includes('=')
      ? pairOf(source, one)
      : { key: one.text, value: undefined, range: rangeOf(source, one) };
  });
  return { kind: 'arg', pairs };
}

function parseVolume(source: Source): OwnParts {
  const items = jsonItems(source);
  const paths =
    items === undefined
      ? blankWords(source.rest, source.offset).map((one) => word(source, one))
      : items.map((text) => ({ text, range: source.line.range(source.offset) }));
  if (paths.length === 0) throw invalid(source, 'VOLUME requires at least one argument', 'write VOLUME /path');
  if (paths.some((path) => path.text.trim() === ''))
    throw invalid(source, 'VOLUME specified can not be an empty string', 'write VOLUME /path');
  return { kind: 'volume', paths, form: items === undefined ? 'words' : 'json' };
}

const DURATIONS = {
  interval: 'intervalNs',
  timeout: 'timeoutNs',
  'start-period': 'startPeriodNs',
  'start-interval': 'startIntervalNs',
} as const;
const MIN_DURATION_NS = 1_000_000;

function parseHealthcheck(source: Source): OwnParts {
  const [first] = blankWords(source.rest, source.offset);
  if (first === undefined)
    throw invalid(
      source,
      'HEALTHCHECK requires at least one argument',
      'write HEALTHCHECK CMD command, or HEALTHCHECK NONE',
    );
  const type = first.text.toUpperCase();
  const after = source.rest.slice(first.text.length).trim();
  if (type === 'NONE') {
    if (after !== '') throw invalid(source, 'HEALTHCHECK NONE takes no arguments', 'remove what stands behind NONE');
    return { kind: 'healthcheck', test: 'none' };
  }
  if (type !== 'CMD')
    throw invalid(source, `Unknown type "${type}" in HEALTHCHECK (try CMD)`, 'write HEALTHCHECK CMD command', first);
  const test = command({ ...source, rest: after, json: jsonForm(after) });
  if (test.args.length === 0)
    throw invalid(source, 'missing command after HEALTHCHECK CMD', 'write HEALTHCHECK CMD command');
  return { kind: 'healthcheck', test, ...healthTimes(source) };
}

function healthTimes({ flags }: Source): Partial<HealthcheckInstruction> {
  const times: {
    -readonly [K in 'intervalNs' | 'timeoutNs' | 'startPeriodNs' | 'startIntervalNs' | 'retries']?: number;
  } = {};
  for (const { name, value = '', range } of flags) {
    if (name === 'retries') {
      if (!/^[+-]?\d+$/.test(value))
        throw new BuildError('flag-invalid', `--retries is not a number: "${value}"`, {
          range,
          hint: 'write --retries=3',
        });
      if (Number(value) < 0)
        throw new BuildError('flag-invalid', `--retries cannot be negative (${value})`, {
          range,
          hint: 'write --retries=3',
        });
      times.retries = Number(value);
    } else {
      const ns = value === '' ? 0 : parseDuration(value);
      if (ns === undefined)
        throw new BuildError('flag-invalid', `invalid duration "${value}" of --${name}`, {
          range,
          hint: `write --${name}=30s`,
        });
      if (ns !== 0 && ns < MIN_DURATION_NS)
        throw new BuildError('flag-invalid', `Interval "${name}" cannot be less than 1ms`, {
          range,
          hint: `write --${name}=30s`,
        });
      times[DURATIONS[name as keyof typeof DURATIONS]] = ns;
    }
  }
  return times;
}

function parseOnbuild(source: Source): OwnParts {
  if (source.rest === '') throw invalid(source, 'ONBUILD requires at least one argument', 'write ONBUILD RUN command');
  const triggerKeyword = keywordOf(source.rest).toUpperCase();
  if (triggerKeyword === 'ONBUILD')
    throw new BuildError('onbuild-invalid', "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed", {
      range: source.line.range(),
      hint: 'remove one ONBUILD',
    });
  if (triggerKeyword === 'FROM' || triggerKeyword === 'MAINTAINER') {
    throw new BuildError('onbuild-invalid', `${triggerKeyword} isn't allowed as an ONBUILD trigger`, {
      range: source.line.range(),
      hint: 'use another instruction',
    });
  }
  const text = source.line.text.trim().replace(/^\s*ONBUILD\s*/i, '');
  const trigger =
    source.heredocs.length === 0
      ? text
      : source.heredocs.reduce((sum, { raw, name }) => `${sum}${raw}${name}\n`, `${text}\n`);
  return { kind: 'onbuild', trigger, triggerKeyword };
}

function exactlyOne(source: Source): Word {
  if (source.rest === '')
    throw invalid(source, `${source.keyword} requires exactly one argument`, `write ${source.keyword} VALUE`);
  return { text: source.rest, range: source.line.range(source.offset, source.offset + source.rest.length) };
}

function atLeastOne(source: Source, words: readonly Placed[]): readonly Word[] {
  if (words.length === 0)
    throw invalid(source, `${source.keyword} requires at least one argument`, 'write EXPOSE 8080');
  return words.map((one) => word(source, one));
}

function word(source: Source, placed: Placed): Word {
  return { text: placed.text, range: rangeOf(source, placed) };
}

/** Heredocs as the AST has them. */
export function publicHeredocs(source: Source): readonly Heredoc[] {
  return source.heredocs.map(({ raw: _, ...heredoc }) => heredoc);
}
