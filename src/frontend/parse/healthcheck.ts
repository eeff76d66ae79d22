import { BuildError } from '../../errors.ts';
import { withoutAbsent } from '../../util/without-absent.ts';
import type { Flag, HealthcheckInstruction } from '../ast.ts';
import { isSpace } from '../expand/index.ts';
import { commandForm } from './command-form.ts';
import { parseDuration } from './go-values.ts';
import { type Piece, slicePiece, trimPiece } from './piece.ts';
import { refuse, type Statement } from './statement.ts';

export function parseHealthcheck(statement: Statement): HealthcheckInstruction {
  const { common, rest } = statement;
  const [word, command] = splitHealthcheck(rest);
  const type = word.text.toUpperCase();
  if (type === '') {
    const hint = 'write HEALTHCHECK CMD command, or HEALTHCHECK NONE';
    throw refuse(statement, 'HEALTHCHECK requires at least one argument', { hint });
  }
  const { form, args } = commandForm(statement, command);
  const isEmpty = form === 'shell' ? command.text === '' : args.length === 0;
  if (type === 'NONE') {
    const hint = 'leave them out, or write CMD for NONE';
    if (!isEmpty) throw refuse(statement, 'HEALTHCHECK NONE takes no arguments', { at: command, hint });
    return { kind: 'healthcheck', ...common, flags: [], test: 'none' };
  }
  if (type !== 'CMD') {
    const message = `Unknown type ${JSON.stringify(word.text)} in HEALTHCHECK (try CMD)`;
    throw refuse(statement, message, { at: word, hint: `write HEALTHCHECK CMD ${rest.text}, or HEALTHCHECK NONE` });
  }
  if (isEmpty) {
    throw refuse(statement, 'Missing command after HEALTHCHECK CMD', { at: word, hint: 'put a command behind CMD' });
  }
  return { kind: 'healthcheck', ...common, test: { form, args }, ...settings(common.flags) };
}

/** HEALTHCHECK NONE takes any flags. */
export function isHealthcheckNone(rest: Piece): boolean {
  return splitHealthcheck(rest)[0].text.toUpperCase() === 'NONE';
}

type Settings = Omit<HealthcheckInstruction, 'kind' | 'test' | keyof Statement['common']>;

/** Zero is the default, as if the flag were not there. */
function settings(flags: readonly Flag[]): Settings {
  const find = (name: string): Flag | undefined => flags.find((flag) => flag.name === name && flag.value !== '');
  return withoutAbsent({
    intervalNs: duration(find('interval')),
    timeoutNs: duration(find('timeout')),
    startPeriodNs: duration(find('start-period')),
    startIntervalNs: duration(find('start-interval')),
    retries: retriesOf(find('retries')),
  });
}

const MIN_DURATION_NS = 1e6;

function duration(flag: Flag | undefined): number | undefined {
  if (flag?.value === undefined) return undefined;
  const ns = parseDuration(flag.value);
  const fail = (message: string): BuildError =>
    new BuildError('flag-invalid', `HEALTHCHECK --${flag.name}: ${message}`, {
      range: flag.range,
      hint: `write a number and a unit, --${flag.name}=30s`,
    });
  if (typeof ns !== 'number') throw fail(ns.problem);
  if (ns !== 0 && ns < MIN_DURATION_NS) throw fail(`Interval "${flag.name}" cannot be less than 1ms`);
  return ns === 0 ? undefined : ns;
}

function retriesOf(flag: Flag | undefined): number | undefined {
  if (flag?.value === undefined) return undefined;
  const retries = /^[+-]?\d{1,20}$/.test(flag.value) ? Number(flag.value) : Number.NaN;
  const isNumber = retries >= -(2 ** 31) && retries < 2 ** 31;
  if (isNumber && retries >= 0) return retries === 0 ? undefined : retries;
  const message = isNumber
    ? `--retries cannot be negative (${retries})`
    : `HEALTHCHECK --retries: invalid number ${JSON.stringify(flag.value)}`;
  throw new BuildError('flag-invalid', message, { range: flag.range, hint: 'write --retries=3' });
}

/** The type, and the command behind it. */
export function splitHealthcheck(piece: Piece): readonly [first: Piece, rest: Piece] {
  let end = 0;
  while (end < piece.text.length && !isSpace(piece.text.charAt(end))) end++;
  return [slicePiece(piece, 0, end), trimPiece(slicePiece(piece, end))];
}
